// The answer of `preview_pull`: records of a frame each, little-endian `view, seq, pts_millis, len` and a JPEG.

export interface Frame {
  view: number;
  seq: number;
  ptsMillis: number;
  jpeg: Uint8Array<ArrayBuffer>;
}

const HEADER = 16;

/** Reads the records; a truncated tail is left out rather than shown half. */
export function unpackFrames(buffer: ArrayBuffer): Frame[] {
  const data = new DataView(buffer);
  const frames: Frame[] = [];
  let at = 0;
  while (at + HEADER <= buffer.byteLength) {
    const length = data.getUint32(at + 12, true);
    if (at + HEADER + length > buffer.byteLength) break;
    frames.push({
      view: data.getUint32(at, true),
      seq: data.getUint32(at + 4, true),
      ptsMillis: data.getUint32(at + 8, true),
      jpeg: new Uint8Array(buffer, at + HEADER, length),
    });
    at += HEADER + length;
  }
  return frames;
}

export function packFrames(
  frames: readonly { view: number; seq: number; ptsMillis: number; jpeg: Uint8Array }[],
): ArrayBuffer {
  const buffer = new ArrayBuffer(frames.reduce((sum, frame) => sum + HEADER + frame.jpeg.byteLength, 0));
  const data = new DataView(buffer);
  let at = 0;
  for (const { view, seq, ptsMillis, jpeg } of frames) {
    [view, seq, ptsMillis, jpeg.byteLength].forEach((value, n) => data.setUint32(at + n * 4, value, true));
    new Uint8Array(buffer, at + HEADER).set(jpeg);
    at += HEADER + jpeg.byteLength;
  }
  return buffer;
}

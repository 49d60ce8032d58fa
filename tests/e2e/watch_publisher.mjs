// A publisher with a clock in its picture: each frame carries the millisecond at which it was made, as black and
// white blocks, so that a viewer's delay can be measured end to end, encoding included. ffmpeg encodes and sends.

import { spawn } from "node:child_process";

export const CLOCK = { width: 640, height: 360, bits: 32, block: 16, rows: 32, left: 64, top: 16, rate: 30 };

/** Paints the low 32 bits of `millis`, most significant first, between a white and a black guard block. */
function paint(luma, millis) {
  const { width, bits, block, rows, left, top } = CLOCK;
  const value = Math.floor(millis) >>> 0;
  for (let n = -1; n <= bits; n += 1) {
    const one = n === -1 || (n < bits && ((value >>> (bits - 1 - n)) & 1) === 1);
    for (let y = top; y < top + rows; y += 1) {
      const start = y * width + left + n * block;
      luma.fill(one ? 235 : 16, start, start + block);
    }
  }
}

/** Starts publishing to `url`. `stop()` ends it and resolves when ffmpeg is gone. */
export function publish(url, { sound = true, encoder = ["-preset", "ultrafast", "-tune", "zerolatency"] } = {}) {
  const { width, height, rate } = CLOCK;
  const size = `${width}x${height}`;
  const ffmpeg = spawn(
    "ffmpeg",
    [
      ["-hide_banner", "-loglevel", "error"],
      ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", `${rate}`, "-i", "pipe:0"],
      sound ? ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] : [],
      ["-c:v", "libx264", ...encoder, "-g", `${rate * 2}`, "-b:v", "2M", "-maxrate", "2M", "-bufsize", "1M"],
      sound ? ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-shortest"] : [],
      ["-flush_packets", "1", "-f", "flv", url],
    ].flat(),
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  let errors = "";
  ffmpeg.stderr.on("data", (text) => (errors += text));
  ffmpeg.stdin.on("error", () => {}); // ffmpeg is gone; its exit says why.
  const gone = new Promise((resolve) => ffmpeg.on("close", resolve));

  const frame = Buffer.alloc((width * height * 3) / 2, 128);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) frame[y * width + x] = 40 + (((x >> 4) * 5 + (y >> 4) * 3) % 150);
  }
  const started = performance.now();
  let number = 0;
  const tick = setInterval(() => {
    while (performance.now() - started >= (number * 1000) / rate) {
      const next = Buffer.from(frame);
      const bar = Math.round((number * 8) % width);
      for (let y = 120; y < 240; y += 1) next.fill(200, y * width + bar, y * width + Math.min(bar + 40, width));
      paint(next, Date.now());
      ffmpeg.stdin.write(next);
      number += 1;
    }
  }, 4);
  return {
    errors: () => errors,
    async stop() {
      clearInterval(tick);
      ffmpeg.stdin.end();
      const hard = setTimeout(() => ffmpeg.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(hard);
    },
  };
}

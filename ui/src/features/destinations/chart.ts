// The upload chart as paths in a box of 320 by 96, the newest second at the right edge. Pure.

const WIDTH = 320;
const HEIGHT = 96;
const SECONDS = 120;

export interface Paths {
  line: string;
  area: string;
  /** Height of the target line. */
  target: number;
}

export function chartPaths(bitsPerSecond: readonly number[], target: number): Paths {
  const top = Math.max(target * 1.33, ...bitsPerSecond.map((bits) => bits * 1.1), 1);
  const y = (bits: number) => Math.round((HEIGHT - (bits / top) * HEIGHT) * 10) / 10;
  const shown = bitsPerSecond.slice(-SECONDS);
  if (shown.length < 2 || shown.every((bits) => bits === 0)) return { line: '', area: '', target: y(target) };
  const x = (at: number) => Math.round((WIDTH - ((shown.length - 1 - at) / (SECONDS - 1)) * WIDTH) * 10) / 10;
  const line = shown.map((bits, at) => `${at === 0 ? 'M' : 'L'}${x(at)} ${y(bits)}`).join('');
  return { line, area: `${line}V${HEIGHT}H${x(0)}z`, target: y(target) };
}

// Numbers as they are shown: minus is U+2212, units stand after a space, clocks are tabular.

const MINUS = '\u2212';

/** `−14`, `0.3`: fixed digits with a real minus; zero has no sign. */
export function number(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

/** Reads a number typed by hand, with either minus and a full-width or plain point; `null` if it is none. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace(/[\u2212\uff0d]/g, '-')
    .replace(/[\uff0e\u3002]/g, '.')
    .replace(/[°%]$/, '');
  if (plain === '' || !/^-?\d*\.?\d*$/.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** `03:12`, `1:24:36`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(whole / 3600);
  const m = Math.floor(whole / 60) % 60;
  const s = whole % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** Bits per second as megabits, `6.1 Mb/s`. */
export function megabits(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`;
}

/** Bytes as `820 MB` or `1.9 GB`. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} KB`;
  if (count < 1e9) return `${Math.round(count / 1e6)} MB`;
  return `${(count / 1e9).toFixed(1)} GB`;
}

/** Last part of a path, either slash. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

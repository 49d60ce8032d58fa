// Lists and durations in the language shown.
import { m } from '../paraglide/messages';

/** `抖音、淘宝` or `Douyin, Taobao`. */
export function list(names: readonly string[]): string {
  return names.join(m.list_join());
}

/** A length of time in the words of a sentence: seconds up to 90, then minutes. */
export function duration(seconds: number): string {
  return seconds < 90
    ? m.dur_seconds({ value: String(Math.max(1, Math.round(seconds))) })
    : m.dur_minutes({ value: String(Math.round(seconds / 60)) });
}

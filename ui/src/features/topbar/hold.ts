// Holding to end: 1.5 s with a filling ring. Letting go early does nothing, except that a mere tap is taken for a
// host who cannot hold, and is answered with a question in the bar. Pure; time in milliseconds.

export const HOLD_MILLIS = 1500;
export const TAP_MILLIS = 300;

export class Hold {
  #since: number | null = null;

  get held(): boolean {
    return this.#since !== null;
  }

  press(now: number): void {
    this.#since ??= now;
  }

  /** How full the ring is, 0 to 1. */
  progress(now: number): number {
    return this.#since === null ? 0 : Math.min(1, (now - this.#since) / HOLD_MILLIS);
  }

  /** True exactly once, when the ring is full. */
  complete(now: number): boolean {
    if (this.progress(now) < 1) return false;
    this.#since = null;
    return true;
  }

  /** Let go: a tap asks, anything longer does nothing. */
  release(now: number): 'ask' | 'nothing' {
    const since = this.#since;
    this.#since = null;
    return since !== null && now - since < TAP_MILLIS ? 'ask' : 'nothing';
  }

  /** The pointer left or the window lost focus. */
  abort(): void {
    this.#since = null;
  }
}

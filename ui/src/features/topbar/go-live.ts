// Going live is deliberate: press, read the strip, press again, three seconds with Cancel. Pure; time in milliseconds.

export const COUNT_MILLIS = 3000;

export type GoLive = { step: 'closed' } | { step: 'review' } | { step: 'count'; endsAt: number };

export const CLOSED: GoLive = { step: 'closed' };

/** The go-live verb: opens the strip, and never does more than that. */
export function open(state: GoLive): GoLive {
  return state.step === 'closed' ? { step: 'review' } : state;
}

/** The strip's own button: starts the count. */
export function confirm(state: GoLive, now: number): GoLive {
  return state.step === 'review' ? { step: 'count', endsAt: now + COUNT_MILLIS } : state;
}

/** Esc or Cancel, at any step. */
export function cancel(): GoLive {
  return CLOSED;
}

/** Moves the count on; `fire` is true exactly once, when it has run out. */
export function tick(state: GoLive, now: number): { state: GoLive; fire: boolean } {
  if (state.step === 'count' && now >= state.endsAt) return { state: CLOSED, fire: true };
  return { state, fire: false };
}

/** Whole seconds left, never 0 while counting. */
export function secondsLeft(state: GoLive, now: number): number {
  return state.step === 'count' ? Math.max(1, Math.ceil((state.endsAt - now) / 1000)) : 0;
}

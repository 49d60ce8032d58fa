import { describe, expect, it } from 'vitest';
import { cancel, CLOSED, confirm, COUNT_MILLIS, open, secondsLeft, tick } from './go-live';
import { Hold, HOLD_MILLIS } from './hold';

describe('going live', () => {
  it('takes two presses and three seconds', () => {
    const review = open(CLOSED);
    expect(review.step).toBe('review');
    expect(tick(review, 1e9).fire).toBe(false);
    const count = confirm(review, 1000);
    expect(tick(count, 1000 + COUNT_MILLIS - 1).fire).toBe(false);
    const end = tick(count, 1000 + COUNT_MILLIS);
    expect(end).toEqual({ state: CLOSED, fire: true });
    expect(tick(end.state, 1000 + COUNT_MILLIS + 1).fire).toBe(false);
  });

  it('counts whole seconds down and never shows zero', () => {
    const count = confirm(open(CLOSED), 0);
    expect([0, 1, 1001, 2999].map((now) => secondsLeft(count, now))).toEqual([3, 3, 2, 1]);
  });

  it('is not confirmed without having been opened, and a second press does not skip the count', () => {
    expect(confirm(CLOSED, 0)).toEqual(CLOSED);
    const count = confirm(open(CLOSED), 0);
    expect(confirm(count, 500)).toBe(count);
    expect(open(count)).toBe(count);
  });

  it('is cancelled at any step', () => {
    expect(cancel()).toEqual(CLOSED);
  });
});

describe('holding to end', () => {
  it('ends once after a second and a half', () => {
    const hold = new Hold();
    hold.press(0);
    expect(hold.complete(HOLD_MILLIS - 1)).toBe(false);
    expect(hold.complete(HOLD_MILLIS)).toBe(true);
    expect(hold.complete(HOLD_MILLIS + 1)).toBe(false);
    expect(hold.held).toBe(false);
  });

  it('does nothing when let go early', () => {
    const hold = new Hold();
    hold.press(0);
    expect(hold.progress(750)).toBeCloseTo(0.5);
    expect(hold.release(1400)).toBe('nothing');
    expect(hold.complete(5000)).toBe(false);
  });

  it('takes a tap for someone who cannot hold', () => {
    const hold = new Hold();
    hold.press(0);
    expect(hold.release(120)).toBe('ask');
  });

  it('starts anew after the pointer was lost', () => {
    const hold = new Hold();
    hold.press(0);
    hold.abort();
    hold.press(1400);
    expect(hold.complete(1600)).toBe(false);
  });
});

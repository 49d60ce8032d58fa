// How far behind the page is. No DOM; fed with times, in milliseconds.
//
// The stream carries, before each keyframe, that keyframe's timestamp and the wall clock time it belongs to (an
// "anchor"). The player's zero is the first anchor's timestamp, because the room starts every stream exactly at a
// keyframe. So the picture shown at media time t has the timestamp base + t, its wall clock time follows from the
// newest anchor at or before it, and the delay is the room's time at display minus that.

const KEPT_ANCHORS = 64;
const KEPT_CLOCKS = 16;
const WINDOW_MILLIS = 1000;

export class DelayMeter {
  #anchors = [];
  #base = null;
  #clocks = [];
  #recent = [];

  /** A new stream: its zero is not known yet. The clock stays. */
  restart() {
    this.#anchors = [];
    this.#base = null;
    this.#recent = [];
  }

  /** The room's answer `now` to a question asked at `asked` and answered at `answered`, both by the page's clock. */
  clock(asked, answered, now) {
    this.#clocks.push({ trip: answered - asked, offset: now - (asked + answered) / 2 });
    if (this.#clocks.length > KEPT_CLOCKS) this.#clocks.shift();
  }

  /** Room time minus page time, from the quickest of the last answers; null before the first. */
  get offset() {
    const best = this.#clocks.reduce((a, b) => (a && a.trip <= b.trip ? a : b), null);
    return best ? best.offset : null;
  }

  /** An anchor out of the stream. */
  anchor({ ts, wall, from }) {
    this.#base ??= ts;
    this.#anchors.push({ at: ts - this.#base, wall, from });
    if (this.#anchors.length > KEPT_ANCHORS) this.#anchors.shift();
  }

  /** What the delay is counted from: "studio", "room", or null before the first anchor. */
  get from() {
    return this.#anchors.at(-1)?.from ?? null;
  }

  /** A picture of media time `mediaMillis` appears at `shown` by the page's clock. Returns its delay or null. */
  shown(mediaMillis, shown) {
    const anchor = this.#anchors.findLast(({ at }) => at <= mediaMillis + 1) ?? this.#anchors[0];
    const offset = this.offset;
    if (!anchor || offset === null) return null;
    const delay = shown + offset - (anchor.wall + mediaMillis - anchor.at);
    this.#recent.push({ shown, delay });
    while (this.#recent[0].shown < shown - WINDOW_MILLIS) this.#recent.shift();
    return delay;
  }

  /** The median of the last second of pictures, or null if there were none. */
  median(now) {
    const delays = this.#recent.filter(({ shown }) => shown >= now - WINDOW_MILLIS).map(({ delay }) => delay);
    if (delays.length === 0) return null;
    delays.sort((a, b) => a - b);
    return delays[delays.length >> 1];
  }
}

// How closely to follow the live edge. No DOM; fed with seconds of buffer ahead and with stalls.
//
// Close enough to be live, far enough not to stop: the distance grows with each stall and shrinks again in quiet
// times. Small errors are corrected by playing a little faster or slower, which nobody hears; large ones by a jump.

const CLOSEST = 0.3;
const FARTHEST = 0.8;
const STALL_STEP = 0.15;
const QUIET_STEP = 0.05;
const QUIET_MILLIS = 20_000;
const SLACK = 0.12;
const JUMP_BEYOND = 0.6;
const FASTER = 1.08;
const SLOWER = 0.95;

export class Pace {
  #target = CLOSEST;
  #changed = 0;
  #rate = 1;

  /** Seconds it aims to keep buffered. */
  get target() {
    return this.#target;
  }

  /** The picture stopped for want of data. */
  stalled(now) {
    this.#target = Math.min(FARTHEST, this.#target + STALL_STEP);
    this.#changed = now;
  }

  /** What to do with `ahead` seconds buffered: a playback rate, and seconds to jump forward, mostly 0. */
  decide(ahead, now) {
    if (now - this.#changed > QUIET_MILLIS) {
      this.#target = Math.max(CLOSEST, this.#target - QUIET_STEP);
      this.#changed = now;
    }
    if (ahead > this.#target + JUMP_BEYOND) {
      this.#rate = 1;
      return { rate: 1, jump: ahead - this.#target };
    }
    // A correction goes on until the aim is reached, so that the rate does not flutter.
    if (ahead > this.#target + SLACK) this.#rate = FASTER;
    else if (ahead < this.#target - SLACK) this.#rate = SLOWER;
    else if (this.#rate > 1 && ahead <= this.#target) this.#rate = 1;
    else if (this.#rate < 1 && ahead >= this.#target) this.#rate = 1;
    return { rate: this.#rate, jump: 0 };
  }
}

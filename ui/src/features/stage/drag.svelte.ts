// The gesture under way on the stage: where the item is under the hand, ahead of what the core has confirmed.
import type { TransformView } from '../../core/model';

/** How long the hand's place is kept after letting go, for the core's own answer to arrive. */
const SETTLE_MILLIS = 200;

class Dragging {
  #id = $state<string | null>(null);
  #transform = $state.raw<TransformView | null>(null);
  #gesture = 0;

  of(id: string): TransformView | null {
    return this.#id === id ? this.#transform : null;
  }

  put(id: string, transform: TransformView): void {
    this.#gesture += 1;
    this.#id = id;
    this.#transform = transform;
  }

  /** The gesture is over; the place under the hand holds until the core has had time to answer. */
  settle(): void {
    const gesture = this.#gesture;
    setTimeout(() => {
      if (gesture === this.#gesture) this.clear();
    }, SETTLE_MILLIS);
  }

  clear(): void {
    this.#gesture += 1;
    this.#id = null;
    this.#transform = null;
  }
}

export const dragging = new Dragging();

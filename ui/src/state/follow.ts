// Keeping a copy of the core's state current: a snapshot, then events that each carry one aggregate whole.
import type { Event } from '../core/model';

/** What an event is to a copy at `revision`: old news, the next step, or the sign that one was missed. */
export type Step = 'old' | 'next' | 'gap';

export function step(revision: number, event: Event): Step {
  if (event.revision <= revision) return 'old';
  return event.revision === revision + 1 ? 'next' : 'gap';
}

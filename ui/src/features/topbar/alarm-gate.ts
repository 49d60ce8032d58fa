// When an alarm may show. Pure: fed with what the core reports and the time, in milliseconds.
//
// Attention shows after 3 s and leaves after 10 s of health; urgent shows at once and leaves after 5 s of health.
// Information is told for 10 s and then left to its own panel. The headline changes at most once in 5 s, except
// that something more urgent never waits.
import type { Alarm, AlarmCode, AlarmLevel } from '../../core/model';

export const SHOW_AFTER = 3000;
export const LEAVE_AFTER = 10_000;
export const STEADY = 5000;
export const TELL_INFO = 10_000;

/** Declared as in the core: among equals, what viewers feel first comes first. */
export const ALARM_ORDER: readonly AlarmCode[] = [
  'off_air',
  'key_rejected',
  'source_lost',
  'source_held',
  'source_gone',
  'microphone_silent',
  'microphone_gone',
  'muted_speaking',
  'sound_clipping',
  'destination_down',
  'destination_reconnecting',
  'encoder_fell_back',
  'overloaded',
  'recording_failed',
  'disk_low',
  'vault_in_memory',
];
/** Milliseconds of health before an alarm leaves. */
const STAY: Record<AlarmLevel, number> = { info: 0, attention: LEAVE_AFTER, urgent: STEADY };
const LEVELS: readonly AlarmLevel[] = ['info', 'attention', 'urgent'];

/** Tells one alarm from another: the code and what it is about. */
export function alarmKey(alarm: Alarm): string {
  return `${alarm.code}/${alarm.params['id'] ?? alarm.params['source'] ?? alarm.params['destination'] ?? ''}`;
}

/** Highest first. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) ||
    ALARM_ORDER.indexOf(a.code) - ALARM_ORDER.indexOf(b.code)
  );
}

export interface Shown {
  /** The alarm the sentence is about; `null` if there is none. */
  headline: Alarm | null;
  /** How many others show. */
  others: number;
}

interface Entry {
  alarm: Alarm;
  since: number;
  seen: number;
  shown: boolean;
}

export class AlarmGate {
  readonly #entries = new Map<string, Entry>();
  #headline: string | null = null;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** Takes what is the matter now and says what to show. Call on every change and a few times a second. */
  update(alarms: readonly Alarm[], now: number): Shown {
    this.#note(alarms, now);
    const visible = [...this.#entries.values()]
      .filter(
        (entry) =>
          entry.shown && !(entry.alarm.level === 'info' && now - entry.since >= SHOW_AFTER + TELL_INFO),
      )
      .map((entry) => entry.alarm);
    visible.sort(compareAlarms);
    const best = visible[0] ?? null;
    const held = visible.find((alarm) => alarmKey(alarm) === this.#headline) ?? null;
    const headline = this.#mayChange(best, held, now) ? best : held;
    const key = headline === null ? null : alarmKey(headline);
    if (key !== this.#headline) {
      this.#headline = key;
      this.#changedAt = now;
    }
    return { headline, others: Math.max(0, visible.length - (headline === null ? 0 : 1)) };
  }

  #note(alarms: readonly Alarm[], now: number): void {
    for (const alarm of alarms) {
      const key = alarmKey(alarm);
      const entry = this.#entries.get(key) ?? { alarm, since: now, seen: now, shown: false };
      entry.alarm = alarm;
      entry.seen = now;
      entry.shown ||= alarm.level === 'urgent' || now - entry.since >= SHOW_AFTER;
      this.#entries.set(key, entry);
    }
    const present = new Set(alarms.map(alarmKey));
    for (const [key, entry] of this.#entries) {
      if (present.has(key)) continue;
      const stay = !entry.shown ? 0 : STAY[entry.alarm.level];
      const steady = key === this.#headline && now - this.#changedAt < STEADY;
      if (now - entry.seen >= stay && !steady) this.#entries.delete(key);
    }
  }

  #mayChange(best: Alarm | null, held: Alarm | null, now: number): boolean {
    if (held === null || now - this.#changedAt >= STEADY) return true;
    return best !== null && best.level === 'urgent' && held.level !== 'urgent';
  }
}

// From decibels to places on a meter or fader. Pure.

export const METER_FLOOR = -50;
/** Marks under the programme's meter. */
export const METER_MARKS: readonly number[] = [-40, -20, -10, 0];
/** The right zone for speech. */
export const ZONE_LOW = -24;
export const ZONE_HIGH = -12;
/** Above this a meter turns amber. */
export const HOT_DB = -6;
export const FADER_LOW = -60;
export const FADER_HIGH = 12;

/** Share of the meter's width, 0 to 1. */
export function meterShare(db: number): number {
  return Math.min(1, Math.max(0, (db - METER_FLOOR) / -METER_FLOOR));
}

/** Fader travel, 0 to 100: 0 dB stands at 75, the lower half of the range in the lower quarter. */
export function faderPosition(db: number): number {
  if (db >= 0) return 75 + (Math.min(db, FADER_HIGH) / FADER_HIGH) * 25;
  if (db >= -24) return 25 + ((db + 24) / 24) * 50;
  return ((Math.max(db, FADER_LOW) - FADER_LOW) / (-24 - FADER_LOW)) * 25;
}

/** The gain at a fader's place, in half decibels. */
export function faderDb(position: number): number {
  const db =
    position >= 75
      ? ((position - 75) / 25) * FADER_HIGH
      : position >= 25
        ? ((position - 25) / 50) * 24 - 24
        : FADER_LOW + (position / 25) * (-24 - FADER_LOW);
  return Math.round(db * 2) / 2;
}

// Meters of the fake core: speech that rises and falls, music under it.
import type { Snapshot, StripMeter, Telemetry } from '../model';

const REST_DB = -100;

function strip(source: string, level: number): StripMeter {
  return { source, rms_db: level, peak_db: level <= REST_DB ? REST_DB : level + 5, clipped: false };
}

export function telemetryAt(t: number, state: Snapshot): Telemetry {
  const gone = state.sources.find((source) => source.id === 'mic')?.state === 'gone';
  const speech = -15 + 2.5 * Math.sin(t * 2.1) + 1.5 * Math.sin(t * 5.3);
  const strips = state.show.strips.map((one) => {
    if (one.muted || (one.source === 'mic' && gone)) return strip(one.source, REST_DB);
    return strip(
      one.source,
      one.kind === 'microphone' ? speech + one.gain_db : -19 + one.gain_db + Math.sin(t * 3),
    );
  });
  const sending = state.phase.phase === 'live' || state.phase.phase === 'rehearsal';
  const bitrate = sending ? 6_100_000 + 180_000 * Math.sin(t * 0.7) : 0;
  const quiet = gone || strips.length === 0;
  return {
    t,
    strips,
    programme: {
      rms_db: quiet ? [-36, -37] : [speech, speech - 1],
      peak_db: quiet ? [-31, -32] : [speech + 5, speech + 4],
      lufs: quiet ? -29.6 : -14.1,
      true_peak_db: -1.3,
      verdict: quiet ? 'too_quiet' : 'just_right',
    },
    fps: 30,
    dropped: 0,
    encoder: 'x264',
    bitrate: Math.round(bitrate),
    destinations: state.destinations.map((one) => ({
      id: one.id,
      bitrate: one.state === 'live' ? Math.round(bitrate) : 0,
      queue_millis: one.state === 'live' ? 40 : 0,
      rtt_millis: one.state === 'live' ? 23 : null,
    })),
    recorded_bytes: state.recording === null ? 0 : 1.9e9,
    cpu: 0.6,
  };
}

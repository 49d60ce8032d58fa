// What is looked at before going live. Pure but for the language.
import type { DestinationView, SceneView, SourceView, StripMeter } from '../../core/model';
import { m } from '../../paraglide/messages';

export interface Check {
  id: 'picture' | 'sound' | 'destination';
  ok: boolean;
  word: string;
}

/** Quieter than this, a microphone is not heard. */
const HEARD_DB = -60;

export function goLiveChecks(now: {
  scene: SceneView | undefined;
  sources: readonly SourceView[];
  /** Level of the host's microphone; `undefined` if there is none or it is unknown. */
  microphone: StripMeter | undefined;
  destinations: readonly DestinationView[];
}): Check[] {
  const shown = (now.scene?.items ?? []).filter((item) => item.visible && item.source !== null);
  const states = shown.map((item) => now.sources.find((source) => source.id === item.source)?.state);
  const picture = states.length > 0 && states.every((state) => state === 'live');
  const sound = now.microphone !== undefined && now.microphone.peak_db > HEARD_DB;
  const chosen = now.destinations.filter((destination) => destination.enabled);
  const keyed = chosen.length > 0 && chosen.every((destination) => destination.key.present);
  return [
    { id: 'picture', ok: picture, word: picture ? m.strip_picture_ok() : m.strip_picture_bad() },
    { id: 'sound', ok: sound, word: sound ? m.strip_sound_ok() : m.strip_sound_bad() },
    {
      id: 'destination',
      ok: keyed,
      word: keyed ? m.strip_dest_ok() : chosen.length === 0 ? m.strip_dest_none() : m.strip_dest_bad(),
    },
  ];
}

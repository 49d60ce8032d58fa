// From what the core reports to one sentence, a second line and at most one button. Pure but for the language.
//
// The order in every sentence is: cause, what it does to viewers, then the act on the button. Names the host gave
// are shortened, so that the sentence keeps to 20 Han characters or 42 Latin letters.
import type {
  Alarm,
  AlarmLevel,
  DestinationView,
  ErrorCode,
  Params,
  Phase,
  SourceView,
} from '../../core/model';
import { m } from '../../paraglide/messages';
import { getLocale } from '../../paraglide/runtime';
import { clock } from '../../text/format';
import { duration, list } from '../../text/names';
import { clip } from '../../text/width';
import { errorWords, reasonWords } from './errors';

/** What a button beside the sentence does. */
export type Act =
  | { do: 'retry_now' }
  | { do: 'edit_destination'; destination: string | null }
  | { do: 'open_destinations' }
  | { do: 'add_destination' }
  | { do: 'add_camera' }
  | { do: 'replace_source'; source: string }
  | { do: 'restart_source'; source: string }
  | { do: 'unmute'; source: string }
  | { do: 'turn_down'; source: string | null }
  | { do: 'choose_folder' }
  | { do: 'open_watch_page' }
  | { do: 'stop_live' }
  | { do: 'again' };

export interface Sentence {
  /** Changes when the sentence is about something else; words may change under the same key. */
  key: string;
  level: AlarmLevel;
  say: string;
  more: string;
  button: { word: string; act: Act; quiet?: boolean } | null;
  /** For whoever asks: what the core adds, not worded for hosts. Shown on hover only. */
  details?: string;
  /** Something is under way: neither in order nor in trouble. */
  waiting?: boolean;
}

/** What the sentence is worded from. */
export interface Situation {
  phase: Phase;
  sources: readonly SourceView[];
  destinations: readonly DestinationView[];
  /** Items in the scene on programme. */
  items: number;
  /** What the watch page found. */
  watch: { picture: boolean | null; sound: boolean | null } | null;
  /** Frames dropped before encoding in this broadcast. */
  dropped: number;
  /** A rehearsal ended in this sitting. */
  rehearsed: boolean;
}

/** Name limits: Han characters in Chinese, and as many letters as fit in English. */
function short(name: string, han = 6, letters = 14): string {
  return clip(name, getLocale() === 'en' ? letters / 2 : han);
}

const find = <T extends { id: string; name: string }>(all: readonly T[], param: string | undefined) =>
  param === undefined ? undefined : all.find((one) => one.id === param || one.name === param);

/** The sentence of an alarm. */
export function alarmSentence(alarm: Alarm, now: Situation): Sentence {
  const source = find(now.sources, alarm.params['id'] ?? alarm.params['source']);
  const destination = find(now.destinations, alarm.params['id'] ?? alarm.params['destination']);
  const words = alarmWords(alarm, now, {
    source: source?.name ?? alarm.params['source'] ?? m.err_device_word(),
    destination: destination?.name ?? alarm.params['destination'] ?? m.tab_destinations(),
  });
  return {
    key: `${alarm.code}/${source?.id ?? destination?.id ?? ''}`,
    level: alarm.level,
    ...words,
    button: alarmButton(alarm, source, destination),
  };
}

function alarmWords(
  alarm: Alarm,
  now: Situation,
  named: { source: string; destination: string },
): { say: string; more: string } {
  const live = now.phase.phase === 'live';
  const source = short(named.source, 6, 14);
  const destination = short(named.destination, 6, 12);
  const p = alarm.params;
  switch (alarm.code) {
    case 'off_air': {
      const seconds = Number(p['seconds']);
      const known = p['seconds'] !== undefined && Number.isFinite(seconds);
      return {
        say: known ? m.a_off_air({ time: duration(seconds) }) : m.a_off_air_plain(),
        more: m.a_off_air_more(),
      };
    }
    case 'key_rejected':
      return {
        say: now.destinations.some((other) => other.state === 'live')
          ? m.a_key_rejected_some({ name: destination })
          : m.a_key_rejected({ name: destination }),
        more: m.a_key_rejected_more(),
      };
    case 'source_lost':
      return { say: m.a_source_lost({ name: source }), more: m.a_source_lost_more() };
    case 'source_held':
      return { say: m.a_source_held({ name: source }), more: m.a_source_held_more() };
    case 'source_gone':
      return { say: m.a_source_gone({ name: source }), more: m.a_source_gone_more() };
    case 'microphone_silent':
      return {
        say: live ? m.a_microphone_silent() : m.a_microphone_silent_off(),
        more: m.a_microphone_silent_more({ name: source }),
      };
    case 'microphone_gone':
      return {
        say: live ? m.a_microphone_gone() : m.a_microphone_gone_off(),
        more: m.a_microphone_gone_more({ name: source }),
      };
    case 'muted_speaking':
      return { say: m.a_muted_speaking(), more: m.a_muted_speaking_more() };
    case 'sound_clipping':
      return { say: m.a_sound_clipping(), more: m.a_sound_clipping_more() };
    case 'destination_down':
      return {
        say: m.a_destination_down({ name: destination }),
        more: m.a_destination_down_more({ reason: reasonWords(p['reason']) }),
      };
    case 'destination_reconnecting':
      return {
        say: m.a_destination_reconnecting({ name: destination }),
        more: m.a_destination_reconnecting_more(),
      };
    case 'encoder_fell_back':
      return {
        say: m.a_encoder_fell_back({ encoder: short(p['encoder'] ?? 'x264', 6, 14) }),
        more: m.a_encoder_fell_back_more(),
      };
    case 'overloaded':
      return { say: m.a_overloaded({ percent: p['percent'] ?? '1' }), more: m.a_overloaded_more() };
    case 'recording_failed':
      return {
        say: live ? m.a_recording_failed() : m.a_recording_failed_off(),
        more: m.a_recording_failed_more({ reason: reasonWords(p['reason']) }),
      };
    case 'disk_low':
      return { say: m.a_disk_low({ minutes: p['minutes'] ?? '0' }), more: m.a_disk_low_more() };
    case 'vault_in_memory':
      return { say: m.a_vault_in_memory(), more: m.a_vault_in_memory_more() };
  }
}

function alarmButton(
  alarm: Alarm,
  source: SourceView | undefined,
  destination: DestinationView | undefined,
): Sentence['button'] {
  switch (alarm.action) {
    case null:
      return null;
    case 'retry_now':
      return { word: m.b_retry_now(), act: { do: 'retry_now' } };
    case 'edit_destination':
      return {
        word: alarm.code === 'key_rejected' ? m.b_edit_destination() : m.b_open_destination(),
        act: { do: 'edit_destination', destination: destination?.id ?? null },
      };
    case 'replace_source': {
      if (source === undefined) return null;
      const word =
        source.kind === 'camera'
          ? m.b_replace_camera()
          : source.kind === 'microphone'
            ? m.b_replace_microphone()
            : m.b_replace_source();
      return { word, act: { do: 'replace_source', source: source.id } };
    }
    case 'restart_source': {
      if (source === undefined) return null;
      const word = source.kind === 'camera' ? m.b_restart_camera() : m.b_restart_source();
      return { word, act: { do: 'restart_source', source: source.id } };
    }
    case 'unmute':
      return source === undefined ? null : { word: m.b_unmute(), act: { do: 'unmute', source: source.id } };
    case 'turn_down':
      return { word: m.b_turn_down(), act: { do: 'turn_down', source: source?.id ?? null } };
    case 'choose_folder':
      return { word: m.b_choose_folder(), act: { do: 'choose_folder' } };
  }
}

const see = () => ({ word: m.b_see_destinations(), act: { do: 'open_destinations' } as const, quiet: true });

/** The sentence when nothing is the matter. */
export function calmSentence(now: Situation): Sentence {
  const { phase } = now;
  switch (phase.phase) {
    case 'idle':
      return idleSentence(now);
    case 'starting':
      return startingSentence(phase.seconds, now);
    case 'live':
      return liveSentence(phase.health, now);
    case 'rehearsal':
      return rehearsalSentence(now);
    case 'ending':
      return { key: 'ending', level: 'info', say: m.s_ending(), more: '', button: null, waiting: true };
    case 'ended':
      return endedSentence(phase);
  }
}

function idleSentence(now: Situation): Sentence {
  if (now.items === 0) {
    return {
      key: 'empty',
      level: 'info',
      say: m.s_empty(),
      more: m.s_empty_more(),
      button: { word: m.b_add_camera(), act: { do: 'add_camera' } },
    };
  }
  if (!now.destinations.some((destination) => destination.enabled)) {
    return {
      key: 'no_destination',
      level: 'info',
      say: m.s_no_destination(),
      more: m.s_no_destination_more(),
      button: { word: m.b_add_destination(), act: { do: 'add_destination' } },
    };
  }
  return {
    key: 'ready',
    level: 'info',
    say: now.rehearsed ? m.s_ready_rehearsed() : m.s_ready(),
    more: m.s_ready_more(),
    button: see(),
  };
}

function startingSentence(seconds: number, now: Situation): Sentence {
  const button = { word: m.b_cancel_start(), act: { do: 'stop_live' } as const };
  const tried = now.destinations.filter((destination) => destination.enabled);
  const failing = tried.find((destination) => destination.error !== null);
  if (seconds >= 10 && failing !== undefined) {
    return {
      key: 'starting_slow',
      level: 'attention',
      say: m.s_starting_slow({ name: short(failing.name) }),
      more: m.s_starting_slow_more({ reason: reasonWords(failing.error) }),
      button,
    };
  }
  return {
    key: 'starting',
    level: 'info',
    say: m.s_starting({ names: short(list(tried.map((destination) => destination.name)), 14, 30) }),
    more: m.s_starting_more(),
    button,
    waiting: true,
  };
}

function liveSentence(health: 'healthy' | 'degraded' | 'reconnecting', now: Situation): Sentence {
  if (health === 'reconnecting') {
    return {
      key: 'reconnecting',
      level: 'urgent',
      say: m.s_live_reconnecting(),
      more: m.a_off_air_more(),
      button: { word: m.b_retry_now(), act: { do: 'retry_now' } },
    };
  }
  if (health === 'degraded') {
    return { key: 'degraded', level: 'info', say: m.s_live_degraded(), more: '', button: see() };
  }
  const more = now.dropped > 0 ? m.s_ok_live_more_drop({ count: String(now.dropped) }) : m.s_ok_live_more();
  return { key: 'live', level: 'info', say: m.s_ok_live(), more, button: see() };
}

function rehearsalSentence(now: Situation): Sentence {
  const button = { word: m.b_open_watch(), act: { do: 'open_watch_page' } as const };
  const { picture, sound } = now.watch ?? { picture: null, sound: null };
  if (picture === false) {
    return {
      key: 'rehearsal_picture',
      level: 'attention',
      say: m.s_rehearsal_picture(),
      more: m.s_rehearsal_picture_more(),
      button,
    };
  }
  if (sound === false) {
    return {
      key: 'rehearsal_sound',
      level: 'attention',
      say: m.s_rehearsal_sound(),
      more: m.s_rehearsal_sound_more(),
      button,
    };
  }
  const passed = picture === true && sound === true;
  return {
    key: passed ? 'rehearsal_ok' : 'rehearsal',
    level: 'info',
    say: passed ? m.s_rehearsal_ok() : m.s_rehearsal(),
    more: passed ? m.s_rehearsal_ok_more() : m.s_rehearsal_more(),
    button,
  };
}

/** Gaps below the assumed player buffer go unseen. */
const PLAYER_BUFFER_MILLIS = 1500;

function endedSentence(phase: Extract<Phase, { phase: 'ended' }>): Sentence {
  const time = clock(phase.seconds);
  if (phase.rehearsal) {
    return {
      key: 'ended_rehearsal',
      level: 'info',
      say: m.s_ended_rehearsal({ time }),
      more: m.s_ended_rehearsal_more(),
      button: null,
    };
  }
  const gap = duration(phase.longest_gap_millis / 1000);
  const smooth = phase.longest_gap_millis < PLAYER_BUFFER_MILLIS;
  return {
    key: 'ended',
    level: 'info',
    say: smooth ? m.s_ended_smooth({ time }) : m.s_ended_gap({ time, gap }),
    more: m.s_ended_more(),
    button: null,
  };
}

/** The sentence when the core has been silent for two seconds. */
export function silentSentence(live: boolean): Sentence {
  return {
    key: 'silent',
    level: 'attention',
    say: m.s_silent(),
    more: live ? m.s_silent_live_more() : m.s_silent_more(),
    button: null,
  };
}

/** The sentence of a command that was refused. */
export function errorSentence(code: ErrorCode, params: Params, retryable: boolean): Sentence {
  const button: Sentence['button'] =
    code === 'no_destination'
      ? { word: m.b_add_destination(), act: { do: 'add_destination' } }
      : code === 'read_only' || code === 'disk_full'
        ? { word: m.b_choose_folder(), act: { do: 'choose_folder' } }
        : retryable
          ? { word: m.b_try_again(), act: { do: 'again' } }
          : null;
  const details = params['detail'] ?? params['part'] ?? params['what'];
  return {
    key: `error/${code}`,
    level: 'attention',
    say: errorWords(code, params),
    more: '',
    button,
    ...(details === undefined ? {} : { details }),
  };
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm, AlarmAction, ErrorCode, Phase } from '../../core/model';
import { firstSnapshot } from '../../core/fake/show';
import { useLanguage } from '../../state/locale.svelte';
import { hanWidth } from '../../text/width';
import { ALARM_ORDER } from './alarm-gate';
import {
  alarmSentence,
  calmSentence,
  errorSentence,
  silentSentence,
  type Sentence,
  type Situation,
} from './sentence';

const LONG_NAMES = { 'zh-CN': '一个名字起得特别长的平台', en: 'A platform with quite a long name' } as const;
const LIMITS = {
  'zh-CN': { say: 20, more: 34, button: 6 },
  en: { say: 42, more: 62, button: 3 },
} as const;
const ACTIONS: (AlarmAction | null)[] = [
  null,
  'retry_now',
  'edit_destination',
  'replace_source',
  'restart_source',
  'unmute',
  'turn_down',
  'choose_folder',
];
const CODES: ErrorCode[] = [
  'bad_request',
  'not_found',
  'wrong_phase',
  'device_missing',
  'device_busy',
  'device_unsupported',
  'device_permission',
  'media_unusable',
  'show_unreadable',
  'show_too_new',
  'bad_url',
  'dns_failed',
  'connection_refused',
  'connection_timeout',
  'tls_failed',
  'key_rejected',
  'key_in_use',
  'server_closed',
  'stalled',
  'protocol_violation',
  'no_destination',
  'disk_full',
  'read_only',
  'no_encoder',
  'port_taken',
  'already_running',
  'internal',
];
const PHASES: Phase[] = [
  { phase: 'idle' },
  { phase: 'starting', seconds: 1 },
  { phase: 'starting', seconds: 12 },
  { phase: 'live', since_millis: 0, health: 'healthy' },
  { phase: 'live', since_millis: 0, health: 'degraded' },
  { phase: 'live', since_millis: 0, health: 'reconnecting' },
  { phase: 'rehearsal', since_millis: 0 },
  { phase: 'ending' },
  { phase: 'ended', seconds: 36_000, longest_gap_millis: 290, rehearsal: false },
  { phase: 'ended', seconds: 36_000, longest_gap_millis: 12_400, rehearsal: false },
  { phase: 'ended', seconds: 36_000, longest_gap_millis: 0, rehearsal: true },
];

function situation(lang: 'zh-CN' | 'en', phase: Phase): Situation {
  const snapshot = firstSnapshot(lang, 'dark', 'landscape');
  return {
    phase,
    sources: snapshot.sources.map((source) => ({ ...source, name: LONG_NAMES[lang] })),
    destinations: snapshot.destinations.map((one) => ({
      ...one,
      name: LONG_NAMES[lang],
      error: 'connection_timeout',
    })),
    items: 3,
    watch: { picture: null, sound: null },
    dropped: 0,
    rehearsed: false,
  };
}

function fits(lang: 'zh-CN' | 'en', sentence: Sentence): void {
  const limit = LIMITS[lang];
  const measure = (text: string) => (lang === 'en' ? text.length : hanWidth(text));
  expect.soft(measure(sentence.say), sentence.say).toBeLessThanOrEqual(limit.say);
  expect.soft(measure(sentence.more), sentence.more).toBeLessThanOrEqual(limit.more);
  expect.soft(sentence.say, sentence.key).not.toBe('');
  if (sentence.button !== null) {
    const { word } = sentence.button;
    const length = lang === 'en' ? word.split(' ').length : hanWidth(word);
    expect.soft(length, word).toBeLessThanOrEqual(limit.button);
  }
  const all = `${sentence.say}${sentence.more}`;
  expect.soft(all).not.toMatch(/错误|请稍后再试|您|！|!|undefined|·/);
}

describe.each(['zh-CN', 'en'] as const)('the catalogue in %s', (lang) => {
  beforeEach(() => useLanguage(lang));
  afterEach(() => useLanguage('zh-CN'));

  it('has one sentence and at most one button for every alarm, level and phase, within the lengths', () => {
    for (const phase of PHASES) {
      for (const code of ALARM_ORDER) {
        for (const level of ['attention', 'urgent'] as const) {
          for (const action of ACTIONS) {
            const params = {
              id: code.includes('destination') || code === 'key_rejected' ? 'd1' : 'host',
              source: 'x',
              destination: 'x',
              seconds: '3599',
              minutes: '12',
              percent: '12',
              reason: 'protocol_violation',
              encoder: 'videotoolbox',
            };
            const alarm: Alarm = { code, level, params, action };
            const sentence = alarmSentence(alarm, situation(lang, phase));
            fits(lang, sentence);
            expect(sentence.level).toBe(level);
            const aboutSource =
              action === 'replace_source' || action === 'restart_source' || action === 'unmute';
            expect(sentence.button === null).toBe(action === null || (aboutSource && params.id === 'd1'));
          }
        }
      }
    }
  });

  it('has a sentence for every phase when nothing is the matter', () => {
    for (const phase of PHASES) fits(lang, calmSentence(situation(lang, phase)));
    const idle = situation(lang, { phase: 'idle' });
    fits(lang, calmSentence({ ...idle, items: 0 }));
    fits(lang, calmSentence({ ...idle, destinations: [] }));
    fits(lang, calmSentence({ ...idle, rehearsed: true }));
    for (const watch of [
      { picture: true, sound: true },
      { picture: false, sound: true },
      { picture: true, sound: false },
    ]) {
      fits(lang, calmSentence({ ...situation(lang, { phase: 'rehearsal', since_millis: 0 }), watch }));
    }
    fits(lang, silentSentence(true));
    fits(lang, silentSentence(false));
  });

  it('words every error code', () => {
    for (const code of CODES) {
      for (const retryable of [true, false]) {
        const params = {
          name: LONG_NAMES[lang],
          detail: 'expected `,` or `}` at line 12 column 40 of the file',
        };
        const sentence = errorSentence(code, params, retryable);
        fits(lang, sentence);
        expect(sentence.say).not.toContain(code);
      }
    }
  });

  it('says viewers noticed nothing only below the buffer of a player', () => {
    const ended = (gap: number) =>
      calmSentence(
        situation(lang, { phase: 'ended', seconds: 60, longest_gap_millis: gap, rehearsal: false }),
      ).say;
    const unnoticed = lang === 'en' ? 'noticed nothing' : '没有感到中断';
    expect(ended(1499)).toContain(unnoticed);
    expect(ended(1500)).not.toContain(unnoticed);
  });

  it('offers no button for a source that is gone from the show', () => {
    const alarm: Alarm = {
      code: 'source_lost',
      level: 'attention',
      params: { source: 'nobody' },
      action: 'restart_source',
    };
    expect(alarmSentence(alarm, situation(lang, PHASES[0] as Phase)).button).toBeNull();
  });
});

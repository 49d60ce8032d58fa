import { describe, expect, it, vi } from 'vitest';
import { firstSnapshot } from '../core/fake/show';
import type { Event, Snapshot } from '../core/model';
import type { StudioCore } from '../core/studio-core';
import { Studio } from './studio.svelte';
import { TelemetryStore } from './telemetry.svelte';
import { resolveLanguage } from './locale.svelte';
import { telemetryAt } from '../core/fake/sound';

const settle = () => new Promise((resolve) => setTimeout(resolve));

/** A core whose snapshots and events a test sends by hand. */
function puppet() {
  let send: (event: Event) => void = () => undefined;
  const snapshots: ((snapshot: Snapshot) => void)[] = [];
  const core = {
    snapshot: vi.fn(() => new Promise<Snapshot>((resolve) => snapshots.push(resolve))),
    subscribe: vi.fn(async (onEvent: (event: Event) => void) => {
      send = onEvent;
    }),
  };
  const at = (revision: number, name: string): Snapshot => {
    const snapshot = firstSnapshot('en', 'dark', 'landscape');
    return { ...snapshot, revision, show: { ...snapshot.show, name } };
  };
  return {
    core: core as unknown as StudioCore,
    reads: core.snapshot,
    event: (revision: number, name: string) =>
      send({ revision, body: { type: 'show', value: at(revision, name).show } }),
    answer: async (revision: number, name: string) => {
      snapshots.shift()?.(at(revision, name));
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

async function connected() {
  const hand = puppet();
  const studio = new Studio(hand.core);
  const done = studio.connect(() => undefined);
  await settle();
  await hand.answer(5, 'first');
  await done;
  return { studio, hand };
}

describe('the copy of the core', () => {
  it('follows events in order', async () => {
    const { studio, hand } = await connected();
    hand.event(6, 'second');
    expect(studio.show.name).toBe('second');
    hand.event(7, 'third');
    expect(studio.show.name).toBe('third');
    expect(hand.reads).toHaveBeenCalledTimes(1);
  });

  it('ignores what is older than its snapshot', async () => {
    const { studio, hand } = await connected();
    hand.event(5, 'old');
    hand.event(3, 'older');
    expect(studio.show.name).toBe('first');
  });

  it('reads the snapshot again after a gap, once, and then goes on', async () => {
    const { studio, hand } = await connected();
    hand.event(8, 'after the gap');
    hand.event(9, 'one more');
    expect(studio.show.name).toBe('first');
    expect(hand.reads).toHaveBeenCalledTimes(2);
    await hand.answer(8, 'read again');
    expect(studio.show.name).toBe('one more');
    hand.event(10, 'next');
    expect(studio.show.name).toBe('next');
    expect(hand.reads).toHaveBeenCalledTimes(2);
  });

  it('reads once more when the new snapshot still leaves a gap', async () => {
    const { studio, hand } = await connected();
    hand.event(9, 'far ahead');
    await hand.answer(7, 'too old');
    expect(hand.reads).toHaveBeenCalledTimes(3);
    await hand.answer(9, 'caught up');
    expect(studio.show.name).toBe('caught up');
  });

  it('keeps events that come before the first snapshot', async () => {
    const hand = puppet();
    const studio = new Studio(hand.core);
    const done = studio.connect(() => undefined);
    await settle();
    hand.event(6, 'early');
    await hand.answer(5, 'first');
    await done;
    expect(studio.show.name).toBe('early');
  });

  it('leaves the aggregates an event does not carry untouched', async () => {
    const { studio, hand } = await connected();
    const { sources } = studio;
    hand.event(6, 'second');
    expect(studio.sources).toBe(sources);
  });
});

describe('telemetry', () => {
  const message = telemetryAt(1, firstSnapshot('en', 'dark', 'landscape'));

  it('is unknown after two seconds of silence, and known again with the next message', () => {
    let now = 0;
    const store = new TelemetryStore(() => now);
    store.take(message);
    now = 2000;
    store.check();
    expect(store.silent).toBe(false);
    expect(store.strip('mic')).toBeDefined();
    now = 2001;
    store.check();
    expect(store.silent).toBe(true);
    expect(store.strip('mic')).toBeUndefined();
    expect(store.destination('d1')).toBeUndefined();
    store.take(message);
    expect(store.silent).toBe(false);
  });

  it('keeps two minutes of uploads, a value a second', () => {
    let now = 0;
    const store = new TelemetryStore(() => now);
    for (let tick = 0; tick < 20 * 300; tick += 1) {
      now += 50;
      store.take(message);
    }
    expect(store.uploads).toHaveLength(120);
  });
});

describe('the language', () => {
  it('is the one chosen, else the first of the system the window speaks, else Chinese', () => {
    expect(resolveLanguage('en', ['zh-CN'])).toBe('en');
    expect(resolveLanguage(null, ['fr-FR', 'en-GB', 'zh-CN'])).toBe('en');
    expect(resolveLanguage(null, ['zh-TW', 'en'])).toBe('zh-CN');
    expect(resolveLanguage(null, [])).toBe('zh-CN');
  });
});

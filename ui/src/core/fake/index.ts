// A believable studio in memory, for design work and browser tests. Never part of the product's build.
//
// `?fake&state=live&lang=en&theme=light&tall` chooses where it starts; `window.__fake` pulls its strings.
import type {
  Alarm,
  Event,
  ItemEdit,
  ItemView,
  NewSource,
  Phase,
  PreviewView,
  ShowView,
  Snapshot,
  SourceView,
  Telemetry,
  UiError,
} from '../model';
import { packFrames } from '../frames';
import type { StudioCore } from '../studio-core';
import { Painter } from './painter';
import { canvas, firstSnapshot, item as newItem, sceneItems, type Lang } from './show';
import { telemetryAt } from './sound';

export type State =
  | 'offline'
  | 'rehearsal'
  | 'starting'
  | 'live'
  | 'degraded'
  | 'urgent'
  | 'ended'
  | 'empty'
  | 'fresh'
  | 'silent';

export interface FakeOptions {
  state?: State;
  lang?: Lang;
  theme?: 'dark' | 'light';
  tall?: boolean;
  /** Seconds until a platform accepts the picture. */
  acceptAfter?: number;
}

/** What `window.__fake` offers to tests. */
export interface FakeStrings {
  set(state: State): void;
  alarms(alarms: Alarm[]): void;
  /** Stops everything that comes by itself. */
  silence(silent: boolean): void;
  /** The next call of this command is refused. */
  refuse(command: keyof StudioCore, error: Partial<UiError>): void;
  /** Loses an event, so that the revisions have a gap. */
  drop(): void;
  snapshot(): Snapshot;
  readonly calls: { command: string; args: unknown[] }[];
}

type Body = Event['body'];
const LIVE_SECONDS = 5076;
/** As in the real core: undo is named by the edit it makes. */
function inverse(code: string | undefined): string | null {
  if (code === undefined) return null;
  if (code.startsWith('add_')) return code.replace('add_', 'remove_');
  return code.startsWith('remove_') ? code.replace('remove_', 'add_') : code;
}
const EDITS: Record<ItemEdit['edit'], string> = {
  transform: 'set_transform',
  visible: 'set_visible',
  locked: 'set_locked',
  rename: 'rename_item',
  reorder: 'reorder',
  text: 'replace_source',
  remove: 'remove_item',
};
const clone = <T>(value: T): T => structuredClone(value);

export class FakeCore {
  readonly #painter: Painter | null;
  readonly #options: FakeOptions;
  readonly calls: { command: string; args: unknown[] }[] = [];
  #state: Snapshot;
  #onEvent: ((event: Event) => void) | null = null;
  #onTelemetry: ((telemetry: Telemetry) => void) | null = null;
  #views: PreviewView[] = [];
  #past: { show: ShowView; code: string }[] = [];
  #future: { show: ShowView; code: string }[] = [];
  #refusals = new Map<string, UiError>();
  #silent = false;
  #dropNext = false;
  #seq = 0;
  #number = 0;
  #start = Date.now();

  constructor(options: FakeOptions = {}, painted = true) {
    this.#options = options;
    const lang = options.lang ?? 'zh-CN';
    this.#state = firstSnapshot(
      lang,
      options.theme ?? 'dark',
      options.tall === true ? 'portrait' : 'landscape',
    );
    this.#painter = painted ? new Painter(lang) : null;
    this.#enter(options.state ?? 'offline');
  }

  async load(): Promise<void> {
    await this.#painter?.load();
  }

  /** The strings a test may pull. */
  strings(): FakeStrings {
    return {
      set: (state) => this.#enter(state),
      alarms: (value) => this.#emit({ type: 'alarms', value }),
      silence: (silent) => {
        this.#silent = silent;
      },
      refuse: (command, error) =>
        void this.#refusals.set(command, {
          code: 'internal',
          params: {},
          retryable: false,
          trace_id: 't-1',
          ...error,
        }),
      drop: () => {
        this.#dropNext = true;
      },
      snapshot: () => clone(this.#state),
      calls: this.calls,
    };
  }

  core(): StudioCore {
    const plain = this.#commands();
    return new Proxy(plain, {
      get: (target, name: keyof StudioCore) => {
        const command = target[name] as (...args: unknown[]) => Promise<unknown>;
        if (typeof command !== 'function') return command;
        return async (...args: unknown[]) => {
          if (name !== 'previewPull') this.calls.push({ command: name, args });
          const refusal = this.#refusals.get(name);
          if (refusal !== undefined) {
            this.#refusals.delete(name);
            throw refusal;
          }
          return command.apply(target, args);
        };
      },
    });
  }

  #emit(body: Body): void {
    const revision = this.#state.revision + 1;
    this.#state = { ...this.#state, revision, [body.type]: body.value };
    if (this.#dropNext) {
      this.#dropNext = false;
      return;
    }
    if (!this.#silent) this.#onEvent?.(clone({ revision, body }));
  }

  #phase(value: Phase): void {
    this.#emit({ type: 'phase', value });
  }

  #destinations(state: 'off' | 'connecting' | 'live' | 'waiting'): void {
    const value = this.#state.destinations.map((one) => ({
      ...one,
      state: one.enabled ? state : ('off' as const),
      error: null,
    }));
    this.#emit({ type: 'destinations', value });
  }

  #sourceState(id: string, change: Partial<SourceView>): void {
    const value = this.#state.sources.map((source) => (source.id === id ? { ...source, ...change } : source));
    this.#emit({ type: 'sources', value });
  }

  #enter(state: State): void {
    const since = Date.now() - LIVE_SECONDS * 1000;
    const live = state === 'live' || state === 'degraded' || state === 'urgent' || state === 'silent';
    this.#silent = false;
    this.#emit({ type: 'alarms', value: [] });
    this.#sourceState('mic', { state: 'live', error: null });
    this.#sourceState('close', { state: 'live', error: null, silent_secs: null });
    this.#emit({ type: 'rehearsal', value: null });
    this.#emit({
      type: 'recording',
      value: live
        ? { path: `${this.#state.settings.record_folder}/20-00.mp4`, since_millis: since, error: null }
        : null,
    });
    if (state === 'empty' || state === 'fresh') {
      this.#emit({ type: 'destinations', value: [] });
      const scenes = this.#state.show.scenes.map((scene) => ({
        ...scene,
        items: state === 'empty' ? [] : scene.items,
      }));
      this.#emit({
        type: 'show',
        value: { ...this.#state.show, scenes, strips: state === 'empty' ? [] : this.#state.show.strips },
      });
    }
    if (live) {
      this.#destinations('live');
      this.#phase({
        phase: 'live',
        since_millis: since,
        health: state === 'degraded' || state === 'urgent' ? 'degraded' : 'healthy',
      });
    }
    switch (state) {
      case 'offline':
      case 'empty':
      case 'fresh':
        this.#destinations('off');
        return this.#phase({ phase: 'idle' });
      case 'rehearsal':
        return this.#rehearse(Date.now() - 192_000, true);
      case 'starting':
        this.#destinations('connecting');
        return this.#phase({ phase: 'starting', seconds: 2 });
      case 'ended':
        this.#destinations('off');
        return this.#phase({
          phase: 'ended',
          seconds: LIVE_SECONDS,
          longest_gap_millis: 290,
          rehearsal: false,
        });
      case 'degraded':
        this.#sourceState('close', { state: 'held', silent_secs: 2.4 });
        return this.#emit({
          type: 'alarms',
          value: [
            {
              code: 'source_held',
              level: 'attention',
              params: { source: 'close' },
              action: 'restart_source',
            },
            { code: 'disk_low', level: 'attention', params: { minutes: '12' }, action: 'choose_folder' },
          ],
        });
      case 'urgent':
        this.#sourceState('mic', { state: 'gone', error: 'device_missing' });
        return this.#emit({
          type: 'alarms',
          value: [
            { code: 'microphone_gone', level: 'urgent', params: { source: 'mic' }, action: 'replace_source' },
          ],
        });
      case 'silent':
        // A moment of life first, so that there is something to grey out.
        setTimeout(() => (this.#silent = true), 1500);
        return;
      case 'live':
        return;
    }
  }

  #rehearse(since: number, watched: boolean): void {
    this.#destinations('off');
    this.#phase({ phase: 'rehearsal', since_millis: since });
    this.#watch(watched);
  }

  #watch(watched: boolean): void {
    this.#emit({
      type: 'rehearsal',
      value: {
        watch_url: 'http://127.0.0.1:8787/watch',
        viewers: watched ? 1 : 0,
        delay_millis: watched ? 820 : null,
        picture_ok: watched ? true : null,
        sound_ok: watched ? true : null,
      },
    });
  }

  #change(code: string, change: (show: ShowView) => void): void {
    const show = clone(this.#state.show);
    this.#past.push({ show: this.#state.show, code });
    this.#future = [];
    change(show);
    this.#show(show);
  }

  #show(show: ShowView): void {
    this.#emit({
      type: 'show',
      value: { ...show, undo: inverse(this.#past.at(-1)?.code), redo: this.#future.at(-1)?.code ?? null },
    });
  }

  #edit(show: ShowView, scene: string, id: string, edit: ItemEdit): void {
    const items = show.scenes.find((one) => one.id === scene)?.items ?? [];
    const at = items.findIndex((one) => one.id === id);
    const target = items[at];
    if (target === undefined) return;
    if (edit.edit === 'transform') target.transform = edit.transform;
    else if (edit.edit === 'visible') target.visible = edit.visible;
    else if (edit.edit === 'locked') target.locked = edit.locked;
    else if (edit.edit === 'rename') target.name = edit.name;
    else if (edit.edit === 'remove') items.splice(at, 1);
    else if (edit.edit === 'reorder') {
      items.splice(at, 1);
      items.splice(Math.min(edit.position, items.length), 0, target);
    }
  }

  #addSource(scene: string, source: NewSource): void {
    const id = `new-${++this.#number}`;
    const kind = source.kind;
    const detail =
      'device' in source
        ? (source.device ?? '')
        : 'path' in source
          ? source.path
          : 'text' in source
            ? source.text
            : '';
    const name = detail.split('/').at(-1) || kind;
    const view: SourceView = {
      id,
      name,
      kind,
      detail,
      state: 'live',
      error: null,
      params: {},
      silent_secs: null,
    };
    this.#emit({ type: 'sources', value: [...this.#state.sources, view] });
    this.#change('add_item', (show) => {
      if (kind === 'microphone') {
        show.strips.push({ source: id, name, kind, gain_db: 0, muted: false });
        return;
      }
      const box: [number, number, number, number] = [
        show.width / 4,
        show.height / 4,
        show.width / 2,
        show.height / 2,
      ];
      show.scenes.find((one) => one.id === scene)?.items.unshift(newItem(`item-${id}`, name, id, kind, box));
    });
  }

  #commands(): StudioCore {
    const done = Promise.resolve();
    return {
      snapshot: async () => clone(this.#state),
      subscribe: async (onEvent, onTelemetry) => {
        this.#onEvent = onEvent;
        this.#onTelemetry = onTelemetry;
        this.#run();
      },
      setPreviewViews: async (views) => {
        this.#views = views;
      },
      previewPull: (seqs) => this.#pull(seqs),
      addSource: async (scene, source) => this.#addSource(scene, source),
      editItem: async (scene, id, edit) =>
        this.#change(EDITS[edit.edit], (show) => this.#edit(show, scene, id, edit)),
      replaceSourceDevice: async (source, replacement) =>
        this.#sourceState(source, {
          state: 'live',
          error: null,
          detail: 'device' in replacement ? (replacement.device ?? '') : '',
        }),
      restartSource: async (source) =>
        this.#sourceState(source, { state: 'live', error: null, silent_secs: null }),
      addScene: async (name) =>
        this.#change(
          'add_scene',
          (show) => void show.scenes.push({ id: `n${++this.#number}`, name, items: [] }),
        ),
      renameScene: async (id, name) =>
        this.#change('rename_scene', (show) => {
          const scene = show.scenes.find((one) => one.id === id);
          if (scene !== undefined) scene.name = name;
        }),
      removeScene: async (id) =>
        this.#change('remove_scene', (show) => {
          show.scenes = show.scenes.filter((one) => one.id !== id);
          if (show.current_scene === id) show.current_scene = show.scenes[0]?.id ?? '';
        }),
      takeScene: async (id) => this.#show({ ...this.#state.show, current_scene: id }),
      setTransition: async (transition) =>
        this.#change('set_transition', (show) => (show.transition = transition)),
      setCanvasFormat: async (format) =>
        this.#change('set_canvas', (show) => {
          Object.assign(show, canvas(format), { format });
          const items = sceneItems(this.#options.lang ?? 'zh-CN', format);
          show.scenes.forEach((scene, n) => (scene.items = items[n] ?? scene.items));
        }),
      setStrip: async (source, gainDb, muted) =>
        this.#change('set_strip', (show) => {
          const strip = show.strips.find((one) => one.source === source);
          if (strip !== undefined) Object.assign(strip, { gain_db: gainDb, muted });
        }),
      undo: async () => this.#travel(this.#past, this.#future),
      redo: async () => this.#travel(this.#future, this.#past),
      saveDestination: async (draft) => {
        const old = this.#state.destinations.find((one) => one.id === draft.id);
        const key =
          draft.key === null
            ? (old?.key ?? { present: false, last4: null })
            : { present: true, last4: draft.key.slice(-4) };
        const saved = {
          id: draft.id ?? `d${++this.#number}x`,
          name: draft.name,
          url: draft.url,
          key,
          enabled: draft.enabled,
          state: old?.state ?? ('off' as const),
          error: null,
          reconnects: 0,
        };
        const others = this.#state.destinations;
        this.#emit({
          type: 'destinations',
          value:
            old === undefined ? [...others, saved] : others.map((one) => (one.id === saved.id ? saved : one)),
        });
        return saved;
      },
      removeDestination: async (id) =>
        this.#emit({ type: 'destinations', value: this.#state.destinations.filter((one) => one.id !== id) }),
      setDestinationEnabled: async (id, enabled) =>
        this.#emit({
          type: 'destinations',
          value: this.#state.destinations.map((one) => (one.id === id ? { ...one, enabled } : one)),
        }),
      startRehearsal: async () => this.#rehearse(Date.now(), false),
      stopRehearsal: async () => {
        const { phase } = this.#state;
        const seconds = phase.phase === 'rehearsal' ? (Date.now() - phase.since_millis) / 1000 : 0;
        this.#emit({ type: 'rehearsal', value: null });
        this.#phase({ phase: 'ended', seconds, longest_gap_millis: 0, rehearsal: true });
      },
      openWatchPage: async () => this.#watch(true),
      startLive: async () => this.#startLive(),
      stopLive: async () => {
        const { phase } = this.#state;
        const seconds = phase.phase === 'live' ? (Date.now() - phase.since_millis) / 1000 : 0;
        this.#destinations('off');
        this.#emit({ type: 'alarms', value: [] });
        this.#phase(
          phase.phase === 'starting'
            ? { phase: 'idle' }
            : { phase: 'ended', seconds, longest_gap_millis: 290, rehearsal: false },
        );
      },
      retryNow: () => done,
      startRecording: async () =>
        this.#emit({
          type: 'recording',
          value: {
            path: `${this.#state.settings.record_folder}/20-00.mp4`,
            since_millis: Date.now(),
            error: null,
          },
        }),
      stopRecording: async () => this.#emit({ type: 'recording', value: null }),
      setSettings: async (patch) =>
        this.#emit({ type: 'settings', value: { ...this.#state.settings, ...patch } }),
      pickFile: async (kind) => (kind === 'image' ? '/home/host/card.png' : '/home/host/clip.mp4'),
      pickFolder: async () => '/media/disk/Vitrine',
    };
  }

  #travel(from: { show: ShowView; code: string }[], to: { show: ShowView; code: string }[]): void {
    const step = from.pop();
    if (step === undefined) return;
    to.push({ show: this.#state.show, code: step.code });
    this.#show({ ...step.show, current_scene: this.#state.show.current_scene });
  }

  #startLive(): void {
    if (!this.#state.destinations.some((one) => one.enabled)) {
      throw { code: 'no_destination', params: {}, retryable: false, trace_id: 't-2' } satisfies UiError;
    }
    this.#destinations('connecting');
    this.#phase({ phase: 'starting', seconds: 0 });
    setTimeout(
      () => {
        if (this.#state.phase.phase !== 'starting') return;
        this.#destinations('live');
        this.#phase({ phase: 'live', since_millis: Date.now(), health: 'healthy' });
      },
      (this.#options.acceptAfter ?? 0.8) * 1000,
    );
  }

  #run(): void {
    setInterval(() => {
      if (this.#silent) return;
      const t = (Date.now() - this.#start) / 1000;
      this.#onTelemetry?.(telemetryAt(t, this.#state));
    }, 50);
  }

  async #pull(seqs: readonly (readonly [number, number])[]): Promise<ArrayBuffer> {
    if (this.#silent || this.#painter === null) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return new ArrayBuffer(0);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    const t = (Date.now() - this.#start) / 1000;
    this.#seq += 1;
    const due = this.#views.filter((view) => {
      const last = seqs.find(([id]) => id === view.view)?.[1] ?? 0;
      return last === 0 || this.#seq - last >= 30 / view.fps;
    });
    const frames = await Promise.all(
      due.map(async ({ view, scene, width, height }) => {
        const { show } = this.#state;
        const drawn = show.scenes.find((one) => one.id === (scene ?? show.current_scene));
        const jpeg =
          drawn === undefined || this.#painter === null
            ? new Uint8Array()
            : await this.#painter.jpeg(show, drawn, width, height, t);
        return { view, seq: this.#seq, ptsMillis: Math.round(t * 1000), jpeg };
      }),
    );
    return packFrames(frames);
  }
}

/** Reads the page's query and offers the strings. */
export async function fakeCore(search: string): Promise<StudioCore> {
  const query = new URLSearchParams(search);
  const options: FakeOptions = {
    state: (query.get('state') ?? 'offline') as State,
    lang: query.get('lang') === 'en' ? 'en' : 'zh-CN',
    theme: query.get('theme') === 'light' ? 'light' : 'dark',
    tall: query.has('tall'),
  };
  const fake = new FakeCore(options);
  await fake.load();
  Object.assign(window, { __fake: fake.strings() });
  return fake.core();
}

export type { ItemView };

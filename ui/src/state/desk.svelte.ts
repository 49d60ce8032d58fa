// What the window itself remembers: the open tab, the selection, the question or count in the top bar. Nothing of
// it is the core's business, and nothing of it survives a reload.
import type { Alarm, ItemEdit, ItemView, SettingsPatch, UiError } from '../core/model';
import { asUiError } from '../core/studio-core';
import { AlarmGate, alarmKey, type Shown } from '../features/topbar/alarm-gate';
import * as goLive from '../features/topbar/go-live';
import {
  alarmSentence,
  calmSentence,
  errorSentence,
  silentSentence,
  type Act,
  type Sentence,
  type Situation,
} from '../features/topbar/sentence';
import { m } from '../paraglide/messages';
import { clock } from '../text/format';
import type { Studio } from './studio.svelte';
import type { TelemetryStore } from './telemetry.svelte';

export type Tab = 'room' | 'destinations' | 'settings' | 'keys';

/** What covers the left column: what to add, or which device to take instead. */
export type Sheet = { sheet: 'add'; page: AddPage } | { sheet: 'replace'; source: string };
export type AddPage = 'kinds' | 'camera' | 'microphone' | 'screen' | 'text' | 'color';

/** A question in the top bar; the answer is "no" when its time is up. */
export interface Ask {
  say: string;
  more: string;
  yes: string;
  no: string;
  until: number;
  act: () => void;
}

const NOTICE_MILLIS = 10_000;
export const ASK_MILLIS = 8000;
export const ASK_END_MILLIS = 5000;
const TURN_DOWN_DB = 6;

const timeOfDay = (millis: number): string =>
  new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(millis);

export class Desk {
  readonly studio: Studio;
  readonly telemetry: TelemetryStore;

  /** Milliseconds since the epoch, a few times a second. */
  now = $state(Date.now());
  tab = $state<Tab>('destinations');
  far = $state(false);
  emergency = $state(false);
  selected = $state<string | null>(null);
  sheet = $state.raw<Sheet | null>(null);
  /** Destination in the form: an id, `new`, or none. */
  editing = $state<string | null>(null);
  goLive = $state.raw<goLive.GoLive>(goLive.CLOSED);
  ask = $state.raw<Ask | null>(null);
  /** Said to screen readers, not shown. */
  announcement = $state('');

  #notice = $state.raw<{ error: UiError; until: number; again: () => void } | null>(null);
  #shown = $state.raw<Shown>({ headline: null, others: 0 });
  #rehearsed = $state(false);
  readonly #gate = new AlarmGate();

  constructor(studio: Studio, telemetry: TelemetryStore) {
    this.studio = studio;
    this.telemetry = telemetry;
  }

  // ---- what the top bar says

  situation: Situation = $derived.by(() => ({
    phase: this.studio.phase,
    sources: this.studio.sources,
    destinations: this.studio.destinations,
    items: this.studio.scene?.items.length ?? 0,
    watch:
      this.studio.rehearsal === null
        ? null
        : { picture: this.studio.rehearsal.picture_ok, sound: this.studio.rehearsal.sound_ok },
    dropped: this.telemetry.latest?.dropped ?? 0,
    rehearsed: this.#rehearsed,
  }));

  sentence: Sentence = $derived.by(() => {
    if (this.telemetry.silent) return silentSentence(this.studio.onAir);
    const { headline } = this.#shown;
    const notice = this.#notice;
    if (notice !== null && headline?.level !== 'urgent') {
      return errorSentence(notice.error.code, notice.error.params, notice.error.retryable);
    }
    return headline === null ? calmSentence(this.situation) : alarmSentence(headline, this.situation);
  });

  /** Alarms beside the one in the sentence. */
  others = $derived(
    this.#notice === null || this.#shown.headline === null ? this.#shown.others : this.#shown.others + 1,
  );

  /** Every alarm that is up, for the marks on tabs. */
  attention = $derived.by(() =>
    this.#shown.headline === null ? [] : this.studio.alarms.filter((alarm) => alarm.level !== 'info'),
  );

  /** Moves everything on that depends on time. */
  tick(now: number): void {
    this.now = now;
    this.telemetry.check();
    this.consider(this.studio.alarms, now);
    if (this.#notice !== null && now >= this.#notice.until) this.#notice = null;
    if (this.ask !== null && now >= this.ask.until) this.ask = null;
    const { state, fire } = goLive.tick(this.goLive, now);
    if (state !== this.goLive) this.goLive = state;
    if (fire) void this.#goLiveNow();
  }

  consider(alarms: readonly Alarm[], now: number): void {
    const shown = this.#gate.update(alarms, now);
    const same =
      shown.others === this.#shown.others &&
      shown.headline === this.#shown.headline &&
      (shown.headline === null || alarmKey(shown.headline) === alarmKey(this.#shown.headline as Alarm));
    if (!same) this.#shown = shown;
  }

  // ---- commands

  /** Runs a command; what it rejects with is worded in the top bar. */
  async run(command: () => Promise<unknown>): Promise<boolean> {
    try {
      await command();
      this.#notice = null;
      return true;
    } catch (reason) {
      this.#notice = {
        error: asUiError(reason),
        until: Date.now() + NOTICE_MILLIS,
        again: () => void this.run(command),
      };
      return false;
    }
  }

  edit(item: string, edit: ItemEdit): Promise<boolean> {
    const scene = this.studio.show.current_scene;
    return this.run(() => this.studio.core.editItem(scene, item, edit));
  }

  changeSettings(patch: Partial<SettingsPatch>): Promise<boolean> {
    const { language, theme, video, record_folder } = this.studio.settings;
    return this.run(() => this.studio.core.setSettings({ language, theme, video, record_folder, ...patch }));
  }

  take(position: number): void {
    const scene = this.studio.show.scenes[position];
    if (scene !== undefined) void this.run(() => this.studio.core.takeScene(scene.id));
  }

  /** Opens the go-live strip; nothing more. */
  openGoLive(): void {
    const { phase } = this.studio.phase;
    if (phase === 'live' || phase === 'starting' || phase === 'ending') return;
    this.ask = null;
    this.goLive = goLive.open(this.goLive);
  }

  confirmGoLive(): void {
    this.goLive = goLive.confirm(this.goLive, Date.now());
  }

  async #goLiveNow(): Promise<void> {
    // A rehearsal and a broadcast never overlap.
    if (this.studio.phase.phase === 'rehearsal') {
      if (!(await this.run(() => this.studio.core.stopRehearsal()))) return;
    }
    await this.run(() => this.studio.core.startLive());
  }

  toggleRehearsal(): void {
    const { phase } = this.studio.phase;
    this.goLive = goLive.cancel();
    if (phase === 'rehearsal') void this.run(() => this.studio.core.stopRehearsal());
    else if (phase === 'idle' || phase === 'ended') void this.run(() => this.studio.core.startRehearsal());
  }

  end(): void {
    this.ask = null;
    void this.run(() => this.studio.core.stopLive());
  }

  askEnd(): void {
    this.#ask(ASK_END_MILLIS, {
      say: m.ask_end(),
      more: m.ask_end_more({ seconds: String(ASK_END_MILLIS / 1000) }),
      yes: m.b_end_now(),
      no: m.b_keep(),
      act: () => this.end(),
    });
  }

  stopRecording(): void {
    const stop = () => void this.run(() => this.studio.core.stopRecording());
    if (!this.studio.onAir) return stop();
    this.#ask(ASK_MILLIS, {
      say: m.ask_stop_record(),
      more: m.ask_end_more({ seconds: String(ASK_MILLIS / 1000) }),
      yes: m.ask_stop_record_yes(),
      no: m.ask_no(),
      act: stop,
    });
  }

  removeDestination(id: string): void {
    const remove = () => void this.run(() => this.studio.core.removeDestination(id));
    if (!this.studio.onAir || this.studio.enabled.some((other) => other.id !== id)) return remove();
    this.#ask(ASK_MILLIS, {
      say: m.ask_remove_last(),
      more: m.ask_end_more({ seconds: String(ASK_MILLIS / 1000) }),
      yes: m.ask_remove_yes(),
      no: m.ask_no(),
      act: remove,
    });
  }

  #ask(millis: number, ask: Omit<Ask, 'until'>): void {
    this.goLive = goLive.cancel();
    this.ask = { ...ask, until: Date.now() + millis };
  }

  toggleMute(source: string | undefined): void {
    const strip = this.studio.show.strips.find((one) => one.source === source);
    if (strip === undefined) return;
    void this.run(() => this.studio.core.setStrip(strip.source, strip.gain_db, !strip.muted));
  }

  /** The host's microphone: the first strip that is one. */
  microphone = $derived.by(() =>
    this.studio.ready ? this.studio.show.strips.find((strip) => strip.kind === 'microphone') : undefined,
  );

  async chooseFolder(): Promise<void> {
    await this.run(async () => {
      const folder = await this.studio.core.pickFolder();
      if (folder !== null) await this.changeSettings({ record_folder: folder });
    });
  }

  // ---- moving about

  openTab(tab: Tab): void {
    this.emergency = false;
    this.far = false;
    this.tab = tab;
  }

  editDestination(id: string | null): void {
    this.openTab('destinations');
    this.editing = id;
  }

  openSheet(sheet: Sheet): void {
    this.far = false;
    this.sheet = sheet;
  }

  /** Esc: closes the topmost thing that is open, one at a time. */
  escape(): void {
    if (this.goLive.step !== 'closed') this.goLive = goLive.cancel();
    else if (this.ask !== null) this.ask = null;
    else if (this.sheet !== null) this.sheet = null;
    else if (this.emergency) this.emergency = false;
    else if (this.far) this.far = false;
    else if (this.editing !== null) this.editing = null;
    else this.selected = null;
  }

  act(act: Act): void {
    const { core } = this.studio;
    switch (act.do) {
      case 'retry_now':
        return void this.run(() => core.retryNow());
      case 'edit_destination':
        return this.editDestination(act.destination);
      case 'open_destinations':
        return this.editDestination(null);
      case 'add_destination':
        return this.editDestination('new');
      case 'add_camera':
        return this.openSheet({ sheet: 'add', page: 'camera' });
      case 'replace_source':
        return this.openSheet({ sheet: 'replace', source: act.source });
      case 'restart_source':
        return void this.run(() => core.restartSource(act.source));
      case 'unmute':
        return this.toggleMute(act.source);
      case 'turn_down':
        return this.#turnDown(act.source);
      case 'choose_folder':
        return void this.chooseFolder();
      case 'open_watch_page':
        return void this.run(() => core.openWatchPage());
      case 'stop_live':
        return this.end();
      case 'again':
        return this.#notice?.again();
    }
  }

  #turnDown(source: string | null): void {
    const strips = this.studio.show.strips;
    const strip =
      strips.find((one) => one.source === source) ??
      strips.find((one) => this.telemetry.strip(one.source)?.clipped === true) ??
      this.microphone;
    if (strip === undefined) return;
    const gain = Math.max(-60, strip.gain_db - TURN_DOWN_DB);
    void this.run(() => this.studio.core.setStrip(strip.source, gain, strip.muted));
  }

  // ---- what changes of the core's state mean for the window

  /** Called when the phase changes kind: the tabs follow, and screen readers hear it. */
  phaseChanged(from: string, to: string): void {
    const time = timeOfDay(this.now);
    if (to === 'live') this.announcement = m.say_on_air({ time });
    if (from === 'live' && to !== 'live') this.announcement = m.say_off_air({ time });
    if (from === 'rehearsal') this.#rehearsed = true;
    // The one exception to "tabs never switch by themselves".
    if (to === 'rehearsal') this.tab = 'room';
    else if (this.tab === 'room') this.tab = 'destinations';
    if (to !== 'live') this.emergency = false;
  }

  /** The item selected, if it is still in the scene. */
  selectedItem: ItemView | undefined = $derived.by(() => {
    const all = (items: readonly ItemView[]): ItemView[] =>
      items.flatMap((item) => [item, ...all(item.children)]);
    return this.studio.scene === undefined
      ? undefined
      : all(this.studio.scene.items).find((item) => item.id === this.selected);
  });

  /** Seconds the clock in the top bar shows, or none. */
  clockSeconds: number | null = $derived.by(() => {
    const { phase } = this.studio;
    return phase.phase === 'live' || phase.phase === 'rehearsal'
      ? Math.max(0, (this.now - phase.since_millis) / 1000)
      : null;
  });

  /** Key T: state, time and sentence, for whoever does not see them. */
  sayState(state: string): void {
    const time = this.clockSeconds === null ? '' : clock(this.clockSeconds);
    this.announcement = '';
    queueMicrotask(() => {
      this.announcement = m.say_state({ state, time, sentence: this.sentence.say });
    });
  }
}

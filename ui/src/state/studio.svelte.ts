// The copy of the core's state that the window draws, one store per aggregate. It never changes itself: every
// change comes back from the core as an event.
import type {
  Alarm,
  DestinationView,
  Devices,
  Event,
  Phase,
  RecordingView,
  RehearsalView,
  SceneView,
  SettingsView,
  ShowView,
  Snapshot,
  SourceView,
  Telemetry,
} from '../core/model';
import type { StudioCore } from '../core/studio-core';
import { step } from './follow';

export class Studio {
  readonly core: StudioCore;

  /** False until the first snapshot is here. */
  ready = $state(false);
  phase = $state.raw<Phase>({ phase: 'idle' });
  show = $state.raw<ShowView>() as ShowView;
  sources = $state.raw<SourceView[]>([]);
  devices = $state.raw<Devices>({ cameras: [], microphones: [], screens: [] });
  destinations = $state.raw<DestinationView[]>([]);
  recording = $state.raw<RecordingView | null>(null);
  rehearsal = $state.raw<RehearsalView | null>(null);
  alarms = $state.raw<Alarm[]>([]);
  settings = $state.raw<SettingsView>() as SettingsView;

  /** The scene on programme. */
  scene: SceneView | undefined = $derived(
    this.ready ? this.show.scenes.find((scene) => scene.id === this.show.current_scene) : undefined,
  );
  enabled = $derived(this.destinations.filter((destination) => destination.enabled));
  /** Red is allowed: a platform takes the picture, or has taken it and is being reached again. */
  onAir = $derived(this.phase.phase === 'live');

  #revision = 0;
  #waiting: Event[] = [];
  #reading: Promise<void> | null = null;

  constructor(core: StudioCore) {
    this.core = core;
  }

  /** Subscribes first and reads the snapshot then, so that nothing falls between. */
  async connect(onTelemetry: (telemetry: Telemetry) => void): Promise<void> {
    await this.core.subscribe((event) => this.#take(event), onTelemetry);
    await this.#reread();
  }

  source(id: string | null | undefined): SourceView | undefined {
    return id === null || id === undefined ? undefined : this.sources.find((source) => source.id === id);
  }

  #take(event: Event): void {
    if (!this.ready || this.#reading !== null) {
      this.#waiting.push(event);
      return;
    }
    const next = step(this.#revision, event);
    if (next === 'next') {
      this.#apply(event);
    } else if (next === 'gap') {
      this.#waiting.push(event);
      void this.#reread();
    }
  }

  #reread(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    for (;;) {
      this.#replace(await this.core.snapshot());
      const waiting = this.#waiting;
      this.#waiting = [];
      let gap = false;
      for (const event of waiting) {
        const next = step(this.#revision, event);
        if (next === 'next') this.#apply(event);
        else if (next === 'gap') gap = true;
      }
      if (!gap) return;
    }
  }

  #apply(event: Event): void {
    this.#revision = event.revision;
    const body = event.body;
    switch (body.type) {
      case 'phase':
        this.phase = body.value;
        break;
      case 'show':
        this.show = body.value;
        break;
      case 'sources':
        this.sources = body.value;
        break;
      case 'devices':
        this.devices = body.value;
        break;
      case 'destinations':
        this.destinations = body.value;
        break;
      case 'recording':
        this.recording = body.value ?? null;
        break;
      case 'rehearsal':
        this.rehearsal = body.value ?? null;
        break;
      case 'alarms':
        this.alarms = body.value;
        break;
      case 'settings':
        this.settings = body.value;
        break;
    }
  }

  #replace(snapshot: Snapshot): void {
    this.#revision = snapshot.revision;
    this.phase = snapshot.phase;
    this.show = snapshot.show;
    this.sources = snapshot.sources;
    this.devices = snapshot.devices;
    this.destinations = snapshot.destinations;
    this.recording = snapshot.recording;
    this.rehearsal = snapshot.rehearsal;
    this.alarms = snapshot.alarms;
    this.settings = snapshot.settings;
    this.ready = true;
  }
}

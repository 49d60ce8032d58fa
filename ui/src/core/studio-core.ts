// The one door to the core. The window knows nothing else of it: `tauri.ts` is the real one, `fake.ts` stands in
// for design work and browser tests.
import type {
  CanvasFormat,
  DestinationDraft,
  DestinationView,
  Event,
  FileKind,
  ItemEdit,
  NewSource,
  PreviewView,
  SettingsPatch,
  Snapshot,
  Telemetry,
  TransitionView,
  UiError,
} from './model';

/** Every promise rejects with a `UiError`. */
export interface StudioCore {
  snapshot(): Promise<Snapshot>;
  /** Events are ordered and revisioned; telemetry may be lost. Call once. */
  subscribe(onEvent: (event: Event) => void, onTelemetry: (telemetry: Telemetry) => void): Promise<void>;
  setPreviewViews(views: PreviewView[]): Promise<void>;
  /** Pairs of view and the last sequence number drawn; answers within about 100 ms with what is newer. */
  previewPull(seqs: readonly (readonly [view: number, seq: number])[]): Promise<ArrayBuffer>;

  addSource(scene: string, source: NewSource): Promise<void>;
  editItem(scene: string, item: string, edit: ItemEdit): Promise<void>;
  replaceSourceDevice(source: string, replacement: NewSource): Promise<void>;
  restartSource(source: string): Promise<void>;

  addScene(name: string): Promise<void>;
  renameScene(scene: string, name: string): Promise<void>;
  removeScene(scene: string): Promise<void>;
  takeScene(scene: string): Promise<void>;
  setTransition(transition: TransitionView): Promise<void>;
  setCanvasFormat(format: CanvasFormat): Promise<void>;
  setStrip(source: string, gainDb: number, muted: boolean): Promise<void>;
  undo(): Promise<void>;
  redo(): Promise<void>;

  saveDestination(draft: DestinationDraft): Promise<DestinationView>;
  removeDestination(id: string): Promise<void>;
  setDestinationEnabled(id: string, enabled: boolean): Promise<void>;

  startRehearsal(): Promise<void>;
  stopRehearsal(): Promise<void>;
  openWatchPage(): Promise<void>;
  startLive(): Promise<void>;
  stopLive(): Promise<void>;
  retryNow(): Promise<void>;
  startRecording(): Promise<void>;
  stopRecording(): Promise<void>;

  /** Always sent whole, so that `null` for the language (follow the system) is not "unchanged". */
  setSettings(patch: SettingsPatch): Promise<void>;
  pickFile(kind: FileKind): Promise<string | null>;
  pickFolder(): Promise<string | null>;
}

/** Whatever a command rejected with, as a `UiError`. */
export function asUiError(reason: unknown): UiError {
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'params' in reason) {
    return reason as UiError;
  }
  const detail = reason instanceof Error ? reason.message : String(reason);
  return { code: 'internal', params: { detail }, retryable: false, trace_id: '' };
}

// The protocol's types as the window works with them. JSON has no NaN, so the generated types call every float
// `number | null`; the core never sends one, and here only those that may really be missing stay nullable.
import type * as wire from './bindings';

type Missing = 'silent_secs' | 'delay_millis' | 'lufs' | 'true_peak_db' | 'rtt_millis';
type Solid<T> = [T] extends [number | null]
  ? number extends T
    ? number
    : T
  : T extends object
    ? { [K in keyof T]: K extends Missing ? T[K] : Solid<T[K]> }
    : T;

export type {
  Alarm,
  AlarmAction,
  AlarmCode,
  AlarmLevel,
  CanvasFormat,
  CropView,
  DestinationDraft,
  DestinationMeter,
  DestinationState,
  DestinationView,
  ErrorCode,
  FileKind,
  Language,
  LevelVerdict,
  LiveHealth,
  PreviewView,
  RehearsalView,
  ScreenView,
  MicrophoneView,
  SettingsPatch,
  SettingsView,
  SourceKindView,
  SourceView,
  Theme,
  TransitionKind,
  TransitionView,
  UiError,
  VideoProfileView,
} from './bindings';

export type Params = wire.UiError['params'];
export type Snapshot = Solid<wire.Snapshot>;
export type Event = Solid<wire.Event>;
export type Telemetry = Solid<wire.Telemetry>;
export type Phase = Solid<wire.Phase>;
export type ShowView = Solid<wire.ShowView>;
export type SceneView = Solid<wire.SceneView>;
export type ItemView = Solid<wire.ItemView>;
export type ItemEdit = Solid<wire.ItemEdit>;
export type TransformView = Solid<wire.TransformView>;
export type StripView = Solid<wire.StripView>;
export type StripMeter = Solid<wire.StripMeter>;
export type ProgrammeMeter = Solid<wire.ProgrammeMeter>;
export type NewSource = Solid<wire.NewSource>;
export type Devices = Solid<wire.Devices>;
export type RecordingView = Solid<wire.RecordingView>;

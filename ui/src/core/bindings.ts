/* Types of the protocol crate as they cross to the window. Written by hand until the generated file replaces it. */
export type Params = { [key in string]: string };
export type ErrorCode = "bad_request" | "not_found" | "wrong_phase" | "device_missing" | "device_busy" | "device_unsupported" | "device_permission" | "media_unusable" | "show_unreadable" | "show_too_new" | "bad_url" | "dns_failed" | "connection_refused" | "connection_timeout" | "tls_failed" | "key_rejected" | "key_in_use" | "server_closed" | "stalled" | "protocol_violation" | "no_destination" | "disk_full" | "read_only" | "no_encoder" | "port_taken" | "already_running" | "internal";
export type UiError = { code: ErrorCode; params: Params; retryable: boolean; trace_id: string };

export type AlarmLevel = "info" | "attention" | "urgent";
export type AlarmCode = "off_air" | "key_rejected" | "source_lost" | "source_held" | "source_gone" | "microphone_silent" | "microphone_gone" | "muted_speaking" | "sound_clipping" | "destination_down" | "destination_reconnecting" | "encoder_fell_back" | "overloaded" | "recording_failed" | "disk_low" | "vault_in_memory";
export type AlarmAction = "retry_now" | "edit_destination" | "replace_source" | "restart_source" | "unmute" | "turn_down" | "choose_folder";
export type Alarm = { code: AlarmCode; level: AlarmLevel; params: Params; action: AlarmAction | null };

export type Devices = { cameras: CameraView[]; microphones: MicrophoneView[]; screens: ScreenView[] };
export type CameraView = { index: number; name: string; stable_id: string; formats: CameraFormatView[] };
export type CameraFormatView = { pixel: string; width: number; height: number; fps: number | null };
export type MicrophoneView = { name: string; is_default: boolean };
export type ScreenView = { title: string; width: number; height: number };

export type CanvasFormat = "landscape" | "portrait";
export type ShowView = { name: string; saved: boolean; format: CanvasFormat; width: number; height: number; fps: number | null; scenes: SceneView[]; current_scene: string; transition: TransitionView; strips: StripView[]; undo: string | null; redo: string | null };
export type SceneView = { id: string; name: string; items: ItemView[] };
export type ItemView = { id: string; name: string; source: string | null; kind: SourceKindView | null; transform: TransformView; visible: boolean; locked: boolean; children: ItemView[] };
export type TransformView = { x: number | null; y: number | null; width: number | null; height: number | null; quarter_turns: number; opacity: number | null; crop: CropView };
export type CropView = { left: number; top: number; right: number; bottom: number };
export type SourceKindView = "camera" | "microphone" | "screen" | "file" | "image" | "text" | "color" | "pattern" | "flash_beep" | "tone" | "silence";
export type TextStyleView = { size: number | null; color: string; background: string | null; bold: boolean };
export type NewSource = { kind: "camera"; device: string } | { kind: "microphone"; device: string | null } | { kind: "screen"; title: string | null } | { kind: "file"; path: string } | { kind: "image"; path: string } | { kind: "text"; text: string; style: TextStyleView } | { kind: "color"; color: string } | { kind: "pattern" };
export type ItemEdit = { edit: "transform"; transform: TransformView } | { edit: "visible"; visible: boolean } | { edit: "locked"; locked: boolean } | { edit: "rename"; name: string } | { edit: "reorder"; position: number } | { edit: "text"; text: string } | { edit: "remove" };
export type TransitionKind = "cut" | "fade";
export type TransitionView = { kind: TransitionKind; duration_millis: number };
export type StripView = { source: string; name: string; kind: SourceKindView; gain_db: number | null; muted: boolean };

export type Snapshot = { revision: number; phase: Phase; show: ShowView; sources: SourceView[]; devices: Devices; destinations: DestinationView[]; recording: RecordingView | null; rehearsal: RehearsalView | null; alarms: Alarm[]; settings: SettingsView };
export type Event = { revision: number; body: EventBody };
export type EventBody = { type: "phase"; value: Phase } | { type: "show"; value: ShowView } | { type: "sources"; value: SourceView[] } | { type: "devices"; value: Devices } | { type: "destinations"; value: DestinationView[] } | { type: "recording"; value: RecordingView | null } | { type: "rehearsal"; value: RehearsalView | null } | { type: "alarms"; value: Alarm[] } | { type: "settings"; value: SettingsView };
export type LiveHealth = "healthy" | "degraded" | "reconnecting";
export type Phase = { phase: "idle" } | { phase: "starting"; seconds: number | null } | { phase: "live"; since_millis: number | null; health: LiveHealth } | { phase: "rehearsal"; since_millis: number | null } | { phase: "ending" } | { phase: "ended"; seconds: number | null; longest_gap_millis: number; rehearsal: boolean };
export type SourceView = { id: string; name: string; kind: SourceKindView; detail: string; state: string; error: ErrorCode | null; params: Params; silent_secs: number | null };
export type DestinationState = "off" | "connecting" | "live" | "waiting" | "rejected";
export type SecretView = { present: boolean; last4: string | null };
export type DestinationView = { id: string; name: string; url: string; key: SecretView; enabled: boolean; state: DestinationState; error: ErrorCode | null; reconnects: number };
export type DestinationDraft = { id: string | null; name: string; url: string; key: string | null; enabled: boolean };
export type RecordingView = { path: string; since_millis: number | null; error: ErrorCode | null };
export type RehearsalView = { watch_url: string; viewers: number; delay_millis: number | null; picture_ok: boolean | null; sound_ok: boolean | null };
export type Language = "zh-CN" | "en";
export type Theme = "dark" | "light";
export type VaultView = "keychain" | "memory";
export type VideoProfileView = { video_bitrate: number; audio_bitrate: number; preset: string; encoder: string };
export type SettingsView = { language: Language | null; theme: Theme; record_folder: string; video: VideoProfileView; vault: VaultView };

export type Telemetry = { t: number | null; strips: StripMeter[]; programme: ProgrammeMeter; fps: number | null; dropped: number; encoder: string; bitrate: number; destinations: DestinationMeter[]; recorded_bytes: number | null; cpu: number | null };
export type StripMeter = { source: string; rms_db: number | null; peak_db: number | null; clipped: boolean };
export type LevelVerdict = "silent" | "too_quiet" | "just_right" | "too_loud" | "clipping";
export type ProgrammeMeter = { rms_db: [number | null, number | null]; peak_db: [number | null, number | null]; lufs: number | null; true_peak_db: number | null; verdict: LevelVerdict };
export type DestinationMeter = { id: string; bitrate: number; queue_millis: number; rtt_millis: number | null };
export type PreviewView = { view: number; scene: string | null; width: number; height: number; fps: number };
export type SettingsPatch = { language: Language | null; theme: Theme; record_folder: string; video: VideoProfileView };
export type FileKind = "media" | "image";

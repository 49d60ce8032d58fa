// The real core, behind the shell's commands. The only module that imports the shell's API.
import { Channel, invoke } from '@tauri-apps/api/core';
import type { Event, Telemetry } from './model';
import { asUiError, type StudioCore } from './studio-core';

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (reason) {
    throw asUiError(reason);
  }
}

export function tauriCore(): StudioCore {
  return {
    snapshot: () => call('get_snapshot'),
    async subscribe(onEvent, onTelemetry) {
      const events = new Channel<Event>(onEvent);
      const telemetry = new Channel<Telemetry>(onTelemetry);
      await call('subscribe', { events, telemetry });
    },
    setPreviewViews: (views) => call('set_preview_views', { views }),
    previewPull: (seqs) => call('preview_pull', { seqs: seqs.flat() }),

    addSource: (scene, source) => call('add_source', { scene, source }),
    editItem: (scene, item, edit) => call('edit_item', { scene, item, edit }),
    replaceSourceDevice: (source, replacement) => call('replace_source_device', { source, replacement }),
    restartSource: (source) => call('restart_source', { source }),

    addScene: (name) => call('add_scene', { name }),
    renameScene: (scene, name) => call('rename_scene', { scene, name }),
    removeScene: (scene) => call('remove_scene', { scene }),
    takeScene: (scene) => call('take_scene', { scene }),
    setTransition: (transition) => call('set_transition', { transition }),
    setCanvasFormat: (format) => call('set_canvas_format', { format }),
    setStrip: (source, gainDb, muted) => call('set_strip', { source, gainDb, muted }),
    undo: () => call('undo'),
    redo: () => call('redo'),

    saveDestination: (draft) => call('save_destination', { draft }),
    removeDestination: (id) => call('remove_destination', { id }),
    setDestinationEnabled: (id, enabled) => call('set_destination_enabled', { id, enabled }),

    startRehearsal: () => call('start_rehearsal'),
    stopRehearsal: () => call('stop_rehearsal'),
    openWatchPage: () => call('open_watch_page'),
    startLive: () => call('start_live'),
    stopLive: () => call('stop_live'),
    retryNow: () => call('retry_now'),
    startRecording: () => call('start_recording'),
    stopRecording: () => call('stop_recording'),

    setSettings: (patch) => call('set_settings', { patch }),
    pickFile: (kind) => call('pick_file', { kind }),
    pickFolder: () => call('pick_folder'),
  };
}

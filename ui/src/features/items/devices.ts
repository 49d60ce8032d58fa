// What can be chosen of each kind of device.
import type { Devices, NewSource } from '../../core/model';
import { m } from '../../paraglide/messages';
import { number } from '../../text/format';

export interface DeviceChoice {
  id: string;
  name: string;
  note: string;
  source: NewSource;
}

export function cameraChoices(devices: Devices): DeviceChoice[] {
  return devices.cameras.map((camera) => {
    const best = camera.formats[0];
    return {
      id: camera.stable_id,
      name: camera.name,
      note:
        best === undefined
          ? ''
          : m.format_line({ width: best.width, height: best.height, fps: number(best.fps) }),
      source: { kind: 'camera', device: camera.stable_id === '' ? camera.name : camera.stable_id },
    };
  });
}

export function microphoneChoices(devices: Devices): DeviceChoice[] {
  return devices.microphones.map((microphone) => ({
    id: microphone.name,
    name: microphone.name,
    note: microphone.is_default ? m.add_default_mic() : '',
    source: { kind: 'microphone', device: microphone.name },
  }));
}

export function screenChoices(devices: Devices): DeviceChoice[] {
  return devices.screens.map((screen) => ({
    id: screen.title,
    name: screen.title === '' ? m.add_whole_screen() : screen.title,
    note: '',
    source: { kind: 'screen', title: screen.title === '' ? null : screen.title },
  }));
}

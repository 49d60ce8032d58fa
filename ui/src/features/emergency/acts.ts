// What the emergency menu offers: only what has something behind it now.
import { m } from '../../paraglide/messages';
import type { Desk } from '../../state/desk.svelte';

export interface EmergencyAct {
  id: 'reconnect' | 'restart' | 'mute';
  word: string;
  more: string;
  run: () => void;
}

export function emergencyActs(desk: Desk): EmergencyAct[] {
  const { studio } = desk;
  const cameras = [
    ...new Set(
      (studio.scene?.items ?? [])
        .filter((item) => item.kind === 'camera' && item.visible)
        .map((item) => item.source),
    ),
  ].filter((source) => source !== null);
  const microphone = desk.microphone;
  const acts: EmergencyAct[] = [
    {
      id: 'reconnect',
      word: m.e_reconnect(),
      more: m.e_reconnect_more(),
      run: () => void desk.run(() => studio.core.retryNow()),
    },
  ];
  if (cameras.length > 0) {
    acts.push({
      id: 'restart',
      word: m.e_restart(),
      more: m.e_restart_more(),
      run: () => void desk.run(() => Promise.all(cameras.map((source) => studio.core.restartSource(source)))),
    });
  }
  if (microphone !== undefined) {
    acts.push({
      id: 'mute',
      word: microphone.muted ? m.e_unmute() : m.e_mute(),
      more: microphone.muted ? m.e_unmute_more() : m.e_mute_more(),
      run: () => desk.toggleMute(microphone.source),
    });
  }
  return acts;
}

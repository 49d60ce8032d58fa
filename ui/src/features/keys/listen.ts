// Listens to the keyboard and carries out what the key map says.
import { m } from '../../paraglide/messages';
import type { Desk } from '../../state/desk.svelte';
import { emergencyActs } from '../emergency/acts';
import { nudge } from '../stage/geometry';
import { command, type Command, type Place } from './keymap';

/** Zones in the order of F6. */
const ZONES = ['topbar', 'stage', 'scenes', 'mixer', 'right', 'left'];
const FOCUSABLE =
  'button:not(:disabled), [tabindex="0"], input:not(:disabled), select:not(:disabled), textarea';

export function listenToKeys(target: Window, desk: Desk): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const found = command(
      {
        key: event.key,
        ctrl: event.ctrlKey || event.metaKey,
        shift: event.shiftKey,
        alt: event.altKey,
        // 229 is what engines send for a key an input method took.
        composing: event.isComposing || event.keyCode === 229,
        repeat: event.repeat,
      },
      place(event.target, desk),
    );
    if (found !== null && carryOut(found, desk, event)) event.preventDefault();
  };
  target.addEventListener('keydown', heard);
  return () => target.removeEventListener('keydown', heard);
}

function place(target: EventTarget | null, desk: Desk): Place {
  const element = target instanceof Element ? target : null;
  const input = element?.closest('input, textarea, select, [contenteditable]') ?? null;
  const plainInput = input instanceof HTMLInputElement && ['range', 'checkbox', 'color'].includes(input.type);
  return {
    typing: input !== null && !plainInput,
    control: plainInput || element?.matches('[role=menu] *, [role=tablist] *, [role=listbox] *') === true,
    selection: desk.selectedItem !== undefined,
    emergency: desk.emergency,
  };
}

function carryOut(found: Command, desk: Desk, event: KeyboardEvent): boolean {
  const { studio } = desk;
  if (!studio.ready) return found.do === 'swallow';
  const item = desk.selectedItem;
  switch (found.do) {
    case 'swallow':
      return true;
    case 'escape':
      // A menu or a field closes itself first.
      if (event.target instanceof Element && event.target.closest('[role=menu], input') !== null)
        return false;
      desk.escape();
      return true;
    case 'take':
      desk.take(found.position);
      return true;
    case 'emergency_act':
      emergencyActs(desk)[found.position]?.run();
      return true;
    case 'emergency':
      if (studio.onAir) {
        desk.far = false;
        desk.emergency = !desk.emergency;
      }
      return true;
    case 'mute':
      desk.toggleMute(desk.microphone?.source);
      return true;
    case 'far':
      desk.far = !desk.far;
      return true;
    case 'undo':
      void desk.run(() => studio.core.undo());
      return true;
    case 'redo':
      void desk.run(() => studio.core.redo());
      return true;
    case 'rehearse':
      desk.toggleRehearsal();
      return true;
    case 'go_live_strip':
      desk.openGoLive();
      return true;
    case 'say_state':
      desk.sayState(stateWord(desk));
      return true;
    case 'keys':
      desk.openTab('keys');
      return true;
    case 'zone':
      return moveZone(found.by);
    case 'nudge':
      if (item === undefined || item.locked) return false;
      void desk.edit(item.id, {
        edit: 'transform',
        transform: nudge(item.transform, found, found.step, found.resize),
      });
      return true;
    case 'order': {
      const at = studio.scene?.items.findIndex((one) => one.id === item?.id) ?? -1;
      if (item === undefined || at < 0) return false;
      void desk.edit(item.id, { edit: 'reorder', position: Math.max(0, at + found.by) });
      return true;
    }
    case 'hide':
      if (item !== undefined) void desk.edit(item.id, { edit: 'visible', visible: !item.visible });
      return true;
    case 'lock':
      if (item !== undefined) void desk.edit(item.id, { edit: 'locked', locked: !item.locked });
      return true;
    case 'remove':
      if (item !== undefined) void desk.edit(item.id, { edit: 'remove' });
      return true;
  }
}

function stateWord(desk: Desk): string {
  switch (desk.studio.phase.phase) {
    case 'live':
      return m.st_live();
    case 'rehearsal':
      return m.st_rehearsal();
    case 'starting':
      return m.st_starting();
    case 'ending':
      return m.st_ending();
    default:
      return m.st_off();
  }
}

function moveZone(by: -1 | 1): boolean {
  const zones = ZONES.map((zone) => document.querySelector<HTMLElement>(`[data-zone=${zone}]`)).filter(
    (zone): zone is HTMLElement => zone !== null && zone.offsetParent !== null,
  );
  const at = zones.findIndex((zone) => zone.contains(document.activeElement));
  const next = zones[(at + by + zones.length) % zones.length] ?? zones[0];
  if (next === undefined) return false;
  const first = next.matches('[tabindex]') ? next : next.querySelector<HTMLElement>(FOCUSABLE);
  first?.focus();
  return true;
}

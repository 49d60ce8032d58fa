// Words and icons of items and sources.
import type { ItemView, SourceKindView, SourceView } from '../../core/model';
import { m } from '../../paraglide/messages';
import type { IconName } from '../../parts/Icon.svelte';
import { fileName, number } from '../../text/format';
import { reasonWords } from '../topbar/errors';

export function kindIcon(kind: SourceKindView | null): IconName {
  switch (kind) {
    case null:
      return 'group';
    case 'camera':
      return 'camera';
    case 'microphone':
      return 'mic';
    case 'screen':
      return 'desktop';
    case 'file':
      return 'film';
    case 'image':
      return 'image';
    case 'text':
      return 'text';
    case 'color':
      return 'color';
    case 'pattern':
    case 'flash_beep':
      return 'pattern';
    case 'tone':
    case 'silence':
      return 'wave';
  }
}

/** Why a source does not show, or `null` if it does. */
export function troubleWords(source: SourceView | undefined): string | null {
  switch (source?.state) {
    case 'held':
      return source.silent_secs === null
        ? m.src_held_plain()
        : m.src_held({ seconds: number(source.silent_secs) });
    case 'lost':
      return source.error === null ? m.src_lost() : reasonWords(source.error);
    case 'gone':
      return source.error === null ? m.src_gone() : reasonWords(source.error);
    default:
      return null;
  }
}

/** The second line of an item's row. */
export function itemNote(item: ItemView, source: SourceView | undefined, silent: boolean): string {
  if (silent) return m.item_unknown();
  const trouble = troubleWords(source);
  if (trouble !== null) return trouble;
  if (!item.visible) return m.item_hidden();
  if (item.locked) return m.item_locked();
  if (item.source === null) return m.item_group();
  if (source?.state === 'warming') return m.src_warming();
  const detail = source?.detail ?? '';
  return item.kind === 'image' || item.kind === 'file' ? fileName(detail) : detail;
}

/** The core names the edit that undo would make; the host thinks of the one it takes back. */
const TAKEN_BACK: Record<string, string> = {
  add_item: 'remove_item',
  remove_item: 'add_item',
  add_source: 'remove_source',
  remove_source: 'add_source',
  add_strip: 'remove_strip',
  remove_strip: 'add_strip',
  add_scene: 'remove_scene',
  remove_scene: 'add_scene',
};

/** What undo would take back. */
export function undoWords(code: string): string {
  return redoWords(TAKEN_BACK[code] ?? code);
}

/** What redo would do again. */
export function redoWords(code: string): string {
  switch (code) {
    case 'add_item':
    case 'add_source':
    case 'add_strip':
      return m.act_add_source();
    case 'remove_item':
    case 'remove_source':
    case 'remove_strip':
      return m.act_remove();
    case 'set_transform':
      return m.act_transform();
    case 'set_visible':
      return m.act_visible();
    case 'set_locked':
      return m.act_locked();
    case 'rename_item':
      return m.act_rename();
    case 'reorder':
      return m.act_reorder();
    case 'replace_source':
    case 'set_content':
      return m.act_replace();
    case 'add_scene':
      return m.act_add_scene();
    case 'remove_scene':
      return m.act_remove_scene();
    case 'rename_scene':
      return m.act_rename_scene();
    case 'set_transition':
      return m.act_set_transition();
    case 'set_strip':
      return m.act_set_strip();
    case 'set_canvas':
      return m.act_canvas();
    default:
      return m.act_last();
  }
}

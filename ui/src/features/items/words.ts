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

/** What undo would take back. */
export function actWords(code: string): string {
  switch (code) {
    case 'add_source':
    case 'add_item':
      return m.act_add_source();
    case 'transform':
    case 'set_transform':
    case 'move_item':
      return m.act_transform();
    case 'visible':
    case 'set_visible':
      return m.act_visible();
    case 'locked':
    case 'set_locked':
      return m.act_locked();
    case 'rename':
    case 'rename_item':
      return m.act_rename();
    case 'reorder':
    case 'reorder_item':
      return m.act_reorder();
    case 'text':
    case 'set_text':
      return m.act_text();
    case 'remove':
    case 'remove_item':
      return m.act_remove();
    case 'add_scene':
      return m.act_add_scene();
    case 'rename_scene':
      return m.act_rename_scene();
    case 'remove_scene':
      return m.act_remove_scene();
    case 'set_transition':
    case 'transition':
      return m.act_set_transition();
    case 'set_strip':
    case 'strip':
      return m.act_set_strip();
    case 'set_canvas_format':
    case 'canvas':
      return m.act_canvas();
    case 'replace_source':
    case 'replace_source_device':
      return m.act_replace();
    default:
      return m.act_last();
  }
}

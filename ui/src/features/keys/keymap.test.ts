import { describe, expect, it } from 'vitest';
import { command, type Place, type Press } from './keymap';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrl: false,
  shift: false,
  alt: false,
  composing: false,
  repeat: false,
  ...more,
});
const place = (more: Partial<Place> = {}): Place => ({
  typing: false,
  control: false,
  selection: false,
  emergency: false,
  ...more,
});

describe('keys', () => {
  it('take scenes by number', () => {
    expect(command(press('3'), place())).toEqual({ do: 'take', position: 2 });
    expect(command(press('0'), place())).toBeNull();
  });

  it('are off while typing and while an input method composes', () => {
    for (const key of ['1', 'm', 'f', 'h', '[', 'Delete', '?']) {
      expect(command(press(key), place({ typing: true, selection: true })), key).toBeNull();
      expect(command(press(key, { composing: true }), place({ selection: true })), key).toBeNull();
    }
    expect(command(press('Escape', { composing: true }), place())).toBeNull();
    expect(command(press('z', { ctrl: true }), place({ typing: true }))).toBeNull();
  });

  it('never go live: the key opens the strip and nothing more', () => {
    expect(command(press('L', { ctrl: true, shift: true }), place())).toEqual({ do: 'go_live_strip' });
  });

  it('move the selection, by ten with Shift, and resize with Alt', () => {
    const there = place({ selection: true });
    expect(command(press('ArrowLeft'), there)).toEqual({ do: 'nudge', x: -1, y: 0, step: 1, resize: false });
    expect(command(press('ArrowDown', { shift: true }), there)).toMatchObject({ y: 1, step: 10 });
    expect(command(press('ArrowUp', { alt: true }), there)).toMatchObject({ y: -1, resize: true });
    expect(command(press('ArrowLeft'), place())).toBeNull();
    expect(command(press('ArrowLeft'), place({ selection: true, control: true }))).toBeNull();
  });

  it('act on items only when one is selected', () => {
    expect(command(press('h'), place())).toBeNull();
    expect(command(press('h'), place({ selection: true }))).toEqual({ do: 'hide' });
    expect(command(press('Delete'), place({ selection: true }))).toEqual({ do: 'remove' });
  });

  it('undo and redo', () => {
    expect(command(press('z', { ctrl: true }), place())).toEqual({ do: 'undo' });
    expect(command(press('Z', { ctrl: true, shift: true }), place())).toEqual({ do: 'redo' });
  });

  it('do not repeat what must happen once', () => {
    expect(command(press('m', { repeat: true }), place())).toBeNull();
    expect(command(press('e', { ctrl: true, repeat: true }), place())).toBeNull();
  });

  it('number the emergency menu while it is open', () => {
    expect(command(press('1'), place({ emergency: true }))).toEqual({ do: 'emergency_act', position: 0 });
  });

  it('keep the web view from reloading, finding and printing', () => {
    for (const key of ['r', 'f', 'p']) {
      expect(command(press(key, { ctrl: true }), place())).toEqual({ do: 'swallow' });
    }
    expect(command(press('F5'), place())).toEqual({ do: 'swallow' });
    expect(command(press('c', { ctrl: true }), place())).toBeNull();
  });
});

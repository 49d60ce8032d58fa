// Which key does what. Pure: a press and where it happens in, a command out.

export type Command =
  | { do: 'take'; position: number }
  | { do: 'emergency_act'; position: number }
  | { do: 'nudge'; x: number; y: number; step: number; resize: boolean }
  | { do: 'order'; by: -1 | 1 }
  | { do: 'zone'; by: -1 | 1 }
  | {
      do:
        | 'mute'
        | 'far'
        | 'escape'
        | 'emergency'
        | 'hide'
        | 'lock'
        | 'remove'
        | 'undo'
        | 'redo'
        | 'rehearse'
        | 'go_live_strip'
        | 'say_state'
        | 'keys';
    }
  /** A key of the web view itself: kept from it. */
  | { do: 'swallow' };

export interface Press {
  key: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
  /** An input method is composing. */
  composing: boolean;
  repeat: boolean;
}

export interface Place {
  /** The focus is in something that takes text. */
  typing: boolean;
  /** The focus is in a control that uses arrows, digits or letters itself. */
  control: boolean;
  /** An item is selected. */
  selection: boolean;
  /** The emergency menu is open. */
  emergency: boolean;
}

const ARROWS: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
/** The web view's own accelerators: reload, find, print, zoom by accident, view source. */
const ACCELERATORS = new Set(['r', 'f', 'g', 'p', 'u', 's']);

export function command(press: Press, place: Place): Command | null {
  if (press.composing) return null;
  const letter = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (letter === 'Escape') return { do: 'escape' };
  if (letter === 'F6') return { do: 'zone', by: press.shift ? -1 : 1 };
  if (letter === 'F9') return { do: 'emergency' };
  if (letter === 'F5' || letter === 'F3' || letter === 'F7') return { do: 'swallow' };
  if (press.ctrl) return withControl(letter, press, place);
  if (place.typing) return null;
  const arrow = ARROWS[letter];
  if (arrow !== undefined) {
    if (!place.selection || place.control) return null;
    return { do: 'nudge', ...arrow, step: press.shift ? 10 : 1, resize: press.alt };
  }
  if (press.alt || press.repeat) return null;
  return plain(letter, press, place);
}

function withControl(letter: string, press: Press, place: Place): Command | null {
  if (letter === 'z' && !place.typing) return { do: press.shift ? 'redo' : 'undo' };
  if (letter === 'y' && !place.typing) return { do: 'redo' };
  if (press.repeat) return null;
  if (letter === 'e' && !press.shift) return { do: 'rehearse' };
  if (letter === 'l' && press.shift) return { do: 'go_live_strip' };
  return ACCELERATORS.has(letter) ? { do: 'swallow' } : null;
}

function plain(letter: string, press: Press, place: Place): Command | null {
  if (/^[1-9]$/.test(letter) && !press.shift) {
    const position = Number(letter) - 1;
    return place.emergency ? { do: 'emergency_act', position } : { do: 'take', position };
  }
  if (letter === '?') return { do: 'keys' };
  switch (letter) {
    case 'm':
      return press.shift ? null : { do: 'mute' };
    case 'f':
      return { do: 'far' };
    case 't':
      return { do: 'say_state' };
  }
  if (!place.selection) return null;
  switch (letter) {
    case '[':
      return { do: 'order', by: 1 };
    case ']':
      return { do: 'order', by: -1 };
    case 'h':
      return { do: 'hide' };
    case 'l':
      return { do: 'lock' };
    case 'Delete':
    case 'Backspace':
      return { do: 'remove' };
    default:
      return null;
  }
}

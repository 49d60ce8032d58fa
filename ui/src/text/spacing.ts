// Space between Han and Latin letters or digits. Engines with `text-autospace` do it themselves; for the others a
// thin space is put in where the text is worded.

const HAN = '\\u3400-\\u9fff\\uf900-\\ufaff';
const LATIN = 'A-Za-z0-9';
const BEFORE = new RegExp(`([${HAN}])([${LATIN}])`, 'gu');
const AFTER = new RegExp(`([${LATIN}%°])([${HAN}])`, 'gu');
const THIN = '\u2009';

/** Puts thin spaces between Han and Latin runs. */
export function withThinSpaces(text: string): string {
  return text.replace(BEFORE, `$1${THIN}$2`).replace(AFTER, `$1${THIN}$2`);
}

const engineSpaces = typeof CSS !== 'undefined' && CSS.supports?.('text-autospace', 'normal');

/** The text with its spaces, as this engine needs it. */
export const spaced: (text: string) => string = engineSpaces ? (text) => text : withThinSpaces;

// How much room words take: a Han character or full-width mark counts one, everything else half. Limits of length
// in the copy rules are given in Han characters for Chinese and in letters for English.

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Width in Han characters. */
export function hanWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 1 : 0.5;
  return width;
}

/** Shortens a name to `limit` Han characters, so that a sentence holding it keeps its length. */
export function clip(text: string, limit: number): string {
  if (hanWidth(text) <= limit) return text;
  let kept = '';
  for (const character of text) {
    if (hanWidth(kept + character) > limit - 0.5) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

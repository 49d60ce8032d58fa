// Which language the window speaks. Messages read it through Paraglide, so a change re-words everything in place.
import { baseLocale, overwriteGetLocale, type Locale } from '../paraglide/runtime';
import type { Language } from '../core/model';

let current = $state<Locale>(baseLocale);

overwriteGetLocale(() => current);

/** The language chosen, or the system's if none is. */
export function resolveLanguage(chosen: Language | null, system: readonly string[]): Locale {
  if (chosen !== null) return chosen;
  const first = system.find((tag) => /^(zh|en)\b/i.test(tag));
  return first !== undefined && /^en/i.test(first) ? 'en' : baseLocale;
}

export function useLanguage(chosen: Language | null): void {
  current = resolveLanguage(chosen, typeof navigator === 'undefined' ? [] : navigator.languages);
  document.documentElement.lang = current;
}

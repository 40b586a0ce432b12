import { defang, disarm } from '../core/indicator/defang.ts';
import type { Indicator } from '../core/indicator/type.ts';

/**
 * Text from a feed, made fit to be shown. Everything that leaves here is one line without control, bidirectional or invisible
 * characters, so it can neither break a header nor turn the reading order of what stands around it.
 */
export function clean(text: string, cap: number): string {
  const shown = text
    // A cap before the work, so that a megabyte of text costs no more than what can be shown.
    .slice(0, cap * 4)
    // Formats (bidirectional marks, zero-width joiners, tags), lone surrogates, private use, unassigned, what renders as nothing.
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]+/gu, '\u{fffd}')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    // Stacked accents that paint over neighbouring lines.
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  return shorten(shown, cap);
}

/** Free text of a feed, cleaned, with whatever a mail program would make a link of taken apart. */
export function cleanProse(text: string, cap: number): string {
  return shorten(disarm(clean(text, cap)), cap + 80);
}

/** An indicator's value, cleaned and defanged. */
export function cleanValue({ type, value }: Indicator, cap: number): string {
  // A value that is none of its type, whatever brought it here, is free text.
  return shorten(disarm(defang({ type, value: clean(value, cap) })), cap);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function shorten(text: string, cap: number): string {
  if (text.length <= cap) return text;
  const cut = text.slice(0, cap - 1);
  // Not through the middle of a surrogate pair.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

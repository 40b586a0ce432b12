/**
 * What stands in the text where somebody had disarmed a character. One private character for each, so that the look for indicators is a
 * look at characters, and still knows what was disarmed: who writes `evil[.]example` says that it is an indicator.
 */
export const DOT = '\ue000';
export const COLON = '\ue001';
export const AT = '\ue002';
/** `://` as it is. */
export const CLEAR_SLASHES = '\ue003';
/** `\.`: disarmed, or a regular expression, or the end of a path's step. */
export const ESCAPED_DOT = '\ue004';
/** `://` that was disarmed, or whose scheme was. */
export const SLASHES = '\ue005';

const MARKS = /[\ue000-\ue005]/g;
const MEANINGS: Readonly<Record<string, string>> = {
  [DOT]: '.',
  [COLON]: ':',
  [AT]: '@',
  [CLEAR_SLASHES]: '://',
  [ESCAPED_DOT]: '.',
  [SLASHES]: '://',
};

/** The text as it is meant. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, (mark) => MEANINGS[mark] ?? mark);
}

const DISARMED = /[\ue000-\ue002\ue005]/;

export function isDisarmed(text: string): boolean {
  return DISARMED.test(text);
}

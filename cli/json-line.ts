/**
 * What a terminal obeys or does not show: control characters (C1 too, which JSON leaves as they are), line separators, marks that turn the
 * reading order, and everything else that Unicode calls a format.
 */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A value as one line of JSON that is safe to be shown: what a terminal might obey is written as `\u…`, so that whoever parses it reads the
 * same. Also where no terminal listens, since what is written into a file is looked at later.
 */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(UNPRINTABLE, escaped)}\n`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

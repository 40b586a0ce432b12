/** A piece of foreign text for a message: one line, without control characters that a terminal would obey, and short. */
export function printable(text: string, most: number): string {
  return text
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, most);
}

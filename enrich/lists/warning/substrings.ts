/** Looks for many texts within a value at once. Case is of no account. */
export interface Substrings {
  readonly size: number;
  /** Answers `visit` with the list of each text that stands in the value, until it answers true. */
  find(value: string, visit: (list: number) => boolean): boolean;
}

/** A shorter one would call nearly anything harmless: one list had `77` by mistake. */
export const SHORTEST_SUBSTRING = 4;

interface Piece {
  readonly text: string;
  /** Where in the text its key stands. */
  readonly at: number;
  readonly list: number;
}

/**
 * Each text stands under the rarest four characters of it (`www.` and `.com` are in too many), so a look-up is one glance for each place
 * in the value, whatever the number of texts. Texts are of SHORTEST_SUBSTRING characters or more.
 */
export function createSubstrings(entries: readonly (readonly [text: string, list: number])[]): Substrings {
  const counts = new Map<string, number>();
  for (const [text] of entries)
    for (const key of keysOf(text.toLowerCase())) counts.set(key, (counts.get(key) ?? 0) + 1);
  const pieces = new Map<string, Piece[]>();
  for (const [told, list] of entries) {
    const text = told.toLowerCase();
    let at = 0;
    let rarest = Number.POSITIVE_INFINITY;
    keysOf(text).forEach((key, place) => {
      const count = counts.get(key) ?? 0;
      if (count >= rarest) return;
      rarest = count;
      at = place;
    });
    const key = text.slice(at, at + SHORTEST_SUBSTRING);
    const under = pieces.get(key);
    if (under === undefined) pieces.set(key, [{ text, at, list }]);
    else under.push({ text, at, list });
  }

  const size = entries.length;
  return {
    size,
    find(told, visit) {
      if (size === 0) return false;
      const value = told.toLowerCase();
      for (let place = 0; place + SHORTEST_SUBSTRING <= value.length; place += 1) {
        const under = pieces.get(value.slice(place, place + SHORTEST_SUBSTRING));
        if (under === undefined) continue;
        for (const { text, at, list } of under) {
          if (place >= at && value.startsWith(text, place - at) && visit(list)) return true;
        }
      }
      return false;
    },
  };
}

function keysOf(text: string): string[] {
  const keys: string[] = [];
  for (let at = 0; at + SHORTEST_SUBSTRING <= text.length; at += 1) keys.push(text.slice(at, at + SHORTEST_SUBSTRING));
  return keys;
}

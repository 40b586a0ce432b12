/** A text of any length: `head`, then `open` again and again, `middle`, as many times `close`, `tail`. */
export interface Shape {
  readonly head?: string;
  readonly open: string;
  readonly middle?: string;
  readonly close?: string;
  readonly tail?: string;
}

/** The text of a shape in about so many bytes, and at least one round. `#` in what is repeated becomes the number of the round: `ids` that differ. */
export function grown({ head = '', open, middle = '', close = '', tail = '' }: Shape, bytes: number): Buffer {
  const rest = head.length + middle.length + tail.length;
  const rounds = Math.max(1, Math.floor((bytes - rest) / Math.max(1, Buffer.byteLength(open + close))));
  return Buffer.from(head + repeated(open, rounds) + middle + repeated(close, rounds) + tail);
}

function repeated(unit: string, rounds: number): string {
  if (!unit.includes('#n')) return unit.repeat(rounds);
  return Array.from({ length: rounds }, (_, round) => unit.replaceAll('#n', String(round))).join('');
}

/** Numbers below a limit, by a seed: the same seed gives the same shapes (mulberry32). */
export type Random = (below: number) => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const COMMON =
  'a|b|1|0|.|,|;|:|/|//|\\|-|_|@|#|!|?|=|&|%|+|*|^|$|~|"|\'|`|<|>|(|)|[|]|{|}| |\n|\r\n|\t|\u0000|\u00a0|\u00fc|\u200b|\u3002|\ue000|\ue003|\ufeff|\ud83d\ude00|http://|a.b|evil[.]com|1.2.3.4|#n'.split(
    '|',
  );
COMMON.push('|', '||');

/** Another shape out of one, with pieces of the words given and of everything that separates words. */
export function mutated(shape: Shape, words: readonly string[], random: Random): Shape {
  const pick = (): string => {
    const from = random(3) === 0 || words.length === 0 ? COMMON : words;
    return from[random(from.length)] ?? '';
  };
  const text = (most: number): string => Array.from({ length: 1 + random(most) }, pick).join('');
  const spliced = (of: string): string => {
    const at = random(of.length + 1);
    return of.slice(0, at) + text(2) + of.slice(Math.min(of.length, at + random(4)));
  };
  switch (random(8)) {
    case 0:
      return { ...shape, open: text(4) };
    case 1:
      return { ...shape, open: text(3), close: text(3) };
    case 2:
      return { ...shape, open: text(3), tail: text(2) };
    case 3:
      return { ...shape, open: shape.open + text(2) };
    case 4:
      return { ...shape, head: (shape.head ?? '') + text(2) };
    case 5:
      return { open: text(4) };
    default:
      return { ...shape, open: spliced(shape.open) };
  }
}

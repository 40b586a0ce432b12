import { seeded } from '../events.ts';

const WORDS =
  'actor beacon loader phishing campaign credential panel dropper sample traffic gateway invoice update portal mirror relay staging observed sinkhole analyst victim sector energy finance domain infrastructure payload stage archive macro document session exfiltration lateral movement tunnel proxy persistence scheduled registry'.split(
    ' ',
  );

/** Words of one seeded author: the same on every machine and in every run. */
export interface Author {
  below(limit: number): number;
  oneOf<T>(list: readonly T[]): T;
  sentence(words: number): string;
  digits(length: number): string;
}

export function author(seed: number): Author {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => {
    const one = list[below(list.length)];
    if (one === undefined) throw new Error('a list to choose from is empty');
    return one;
  };
  return {
    below,
    oneOf,
    sentence: (words) => Array.from({ length: words }, () => oneOf(WORDS)).join(' '),
    digits: (length) => Array.from({ length }, () => below(16).toString(16)).join(''),
  };
}

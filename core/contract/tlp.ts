/** Traffic Light Protocol 2.0 (FIRST), weakest first. TLP 1's WHITE is CLEAR. */
export const TLP_LEVELS = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const;

export type Tlp = (typeof TLP_LEVELS)[number];

/** Reads `TLP:AMBER`, `tlp:white`, `Amber+Strict`, …; undefined for anything else. */
export function parseTlp(text: string): Tlp | undefined {
  if (text.length > 20) return undefined;
  const word = text
    .trim()
    .toUpperCase()
    .replace(/^TLP[:_ -]?/, '')
    .replace(/[ _-]/g, '+');
  if (word === 'WHITE') return 'CLEAR';
  return TLP_LEVELS.find((level) => level === word);
}

/** The level that binds when several apply. */
export function strictestTlp(a: Tlp | undefined, b: Tlp | undefined): Tlp | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return TLP_LEVELS.indexOf(a) >= TLP_LEVELS.indexOf(b) ? a : b;
}

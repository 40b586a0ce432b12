import { hash } from 'node:crypto';

/** Draws so many of what is offered, each with the same chance, and the same ones for the same seed whatever the order. */
export interface Draw<T> {
  offer(item: T): void;
  drawn(): readonly T[];
}

export function createDraw<T extends string>(most: number, seed: number): Draw<T> {
  let held: { item: T; lot: string }[] = [];
  const settle = (): void => {
    held = held.sort((a, b) => (a.lot < b.lot ? -1 : 1)).slice(0, most);
  };
  return {
    offer(item) {
      if (most === 0) return;
      held.push({ item, lot: hash('sha256', `${seed} ${item}`, 'hex') });
      if (held.length > most * 20) settle();
    },
    drawn() {
      settle();
      return held.map(({ item }) => item);
    },
  };
}

/** Words that somebody could take for an indicator, disarmed or not: by their looks alone, and generously. */
const CANDIDATE =
  /(?:h[tx]{2}ps?|f[tx]p)\[?:\]?\/\/[^\s"'<>|]+|\b(?:\d{1,3}(?:\.|\[\.\]|\(\.\))){3}\d{1,3}\b|\b[\w-]+(?:(?:\.|\[\.\]|\(\.\)|\[dot\])[\w-]+)*(?:\.|\[\.\]|\(\.\)|\[dot\])[a-z]{2,18}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b|[\w.+-]+(?:@|\[@\]|\[at\])[\w.-]+(?:\.|\[\.\])[a-z]{2,18}/gi;

export function candidatesIn(text: string): ReadonlySet<string> {
  return new Set(text.match(CANDIDATE) ?? []);
}

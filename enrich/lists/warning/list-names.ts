/** Lists that the configuration speaks of, by their names or those of their folders. */
export interface NamedLists {
  readonly except_lists: readonly string[];
  readonly whole_hosts: readonly string[];
}

/** The names under one key, and which of them were met. */
export interface ListNames {
  /** Is a list that is called so one of them? In any case of letters. */
  has(called: readonly string[]): boolean;
  /** What is wrong with names that no list had: one that is written wrong changes nothing, and nobody would see it. */
  problems(known: readonly string[]): string[];
}

const MOST_TOLD = 30;

export function createListNames(key: keyof NamedLists, told: readonly string[]): ListNames {
  const wanted = new Set(told.map(folded));
  const met = new Set<string>();
  return {
    has(called) {
      const found = called.map(folded).filter((name) => wanted.has(name));
      for (const name of found) met.add(name);
      return found.length > 0;
    },
    problems(known) {
      const names = known.slice(0, MOST_TOLD).join(', ') + (known.length > MOST_TOLD ? ', …' : '');
      return told.flatMap((name) =>
        met.has(folded(name))
          ? []
          : [`enrich.warning_lists.${key}: no list is called ${JSON.stringify(name)}; there are ${names || 'none'}`],
      );
    },
  };
}

function folded(name: string): string {
  return name.toLowerCase();
}

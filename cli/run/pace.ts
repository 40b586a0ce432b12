/** How fast something that is only ever counted up grows, over the last seconds. */
export interface Pace {
  /** The counts at this moment (epoch ms), by name. */
  note(at: number, counts: Readonly<Record<string, number>>): void;
  /** Of one of them, a second. */
  perSecond(name: string): number;
  /** Milliseconds since any of them grew. */
  quietFor(at: number): number;
}

const WINDOW_MS = 10_000;

export function createPace(began: number): Pace {
  let notes: { at: number; counts: Readonly<Record<string, number>> }[] = [];
  let grewAt = began;
  return {
    note(at, counts) {
      const last = notes.at(-1);
      if (last !== undefined && Object.keys(counts).some((name) => counts[name] !== last.counts[name])) grewAt = at;
      notes.push({ at, counts });
      notes = notes.filter((note) => note.at >= at - WINDOW_MS);
    },
    perSecond(name) {
      const [first] = notes;
      const last = notes.at(-1);
      if (first === undefined || last === undefined || last.at === first.at) return 0;
      return (((last.counts[name] ?? 0) - (first.counts[name] ?? 0)) * 1000) / (last.at - first.at);
    },
    quietFor: (at) => at - grewAt,
  };
}

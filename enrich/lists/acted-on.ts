import type { Bus } from '../../bus/port.ts';
import type { Cursors, IndicatorStore } from '../../store/port.ts';
import { askRechecks } from '../recheck.ts';

export interface ActedOnOptions<T> {
  /** Where the store keeps what any enricher acted on last. */
  key: string;
  /** Reads that back; undefined where nothing is kept yet. */
  parse(value: unknown): T | undefined;
  cursors: Cursors;
  store: IndicatorStore;
  bus: Bus;
  /** Resolves when the batches that are in hand now have ended. */
  batchesEnded(): Promise<void>;
}

/**
 * Has indicators derived again when a list has changed. `changed` gets what was acted on last and gives the ids of what the change is about, in
 * pages; undefined when nothing changed. Answers with the number of rechecks, or undefined likewise.
 *
 * Every enricher does it for itself, when it has the new list and has finished the batches that began under the old one: so whoever is last to
 * notice a change has everything derived again under the new list.
 */
export type ActOn<T> = (
  now: T,
  changed: (before: T | undefined) => AsyncIterable<readonly string[]> | undefined,
) => Promise<number | undefined>;

export function createActedOn<T>({ key, parse, cursors, store, bus, batchesEnded }: ActedOnOptions<T>): ActOn<T> {
  /** What this enricher acted on last; at its start, what any enricher did. */
  let acted: T | undefined;
  return async (now, changed) => {
    const applied = await cursors.get(key);
    const pages = changed(acted ?? parse(applied?.value));
    let rechecks = 0;
    if (pages !== undefined) {
      await batchesEnded();
      await store.refresh();
      for await (const ids of pages) {
        await askRechecks(bus, ids);
        rechecks += ids.length;
      }
    }
    // only now: after a failure the same change is told again
    acted = now;
    if (pages === undefined) return undefined;
    await cursors.put(key, now, applied?.version ?? null);
    return rechecks;
  };
}

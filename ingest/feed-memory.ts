import { TiplineError } from '../core/process/errors.ts';
import type { Cursors } from '../store/port.ts';

/**
 * What a feed remembers beside its cursor, by names of its own, where the cursor is: whichever process reads the feed next finds it. Both
 * reject while the store is away.
 */
export interface FeedMemory {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
}

export function createFeedMemory(cursors: Cursors, feed: string): FeedMemory {
  const keyOf = (name: string): string => `memory:${feed}/${name}`;
  return {
    async get(name) {
      return (await cursors.get(keyOf(name)))?.value;
    },
    async put(name, value) {
      const key = keyOf(name);
      const known = await cursors.get(key);
      if ((await cursors.put(key, value, known?.version ?? null)) !== undefined) return;
      throw new TiplineError('FEED_OVERTAKEN', `another process writes what the feed ${feed} remembers`, {
        retryable: true,
      });
    },
  };
}

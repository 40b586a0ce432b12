import { z } from 'zod';
import type { Cursors } from '../store/port.ts';

const KEY_PREFIX = 'feed:';

const profileShape = { records: z.number(), types: z.record(z.string(), z.number()) };

/** The last list that was published whole: what the next one is compared with. `at` is when it was read, epoch ms. */
const goodShape = z.object({ at: z.number(), ...profileShape });

/** A list that is held back: since when (epoch ms), what was found, and how it looked at the last reading. */
const quarantineShape = z.object({
  since: z.number(),
  kinds: z.array(z.string()),
  reason: z.string(),
  ...profileShape,
});

export type Quarantine = z.output<typeof quarantineShape>;

const feedStateShape = z.object({
  /** Where reading goes on; its shape is the feed's own. */
  cursor: z.unknown().default(null),
  /** Of the configuration that the feed was last read with. */
  fingerprint: z.string().catch(''),
  /** Epoch ms, 0 = never: when a reading began that brought records, when one last ended well, and before when none may begin. */
  publishedAt: z.number().catch(0),
  lastOk: z.number().catch(0),
  notBefore: z.number().catch(0),
  /** Epoch ms of the next reading, 0 = not known; and how long the last good one took, ms. */
  nextAt: z.number().catch(0),
  lasted: z.number().catch(0),
  /** Failures since the last reading that ended well. */
  failures: z.number().catch(0),
  lastError: z.object({ at: z.number(), code: z.string(), message: z.string() }).nullable().catch(null),
  /** Records that the last reading with records brought; of a listener, since it began. */
  records: z.number().catch(0),
  /** Of them, those that were over when they were read. */
  expired: z.number().catch(0),
  good: goodShape.nullable().catch(null),
  quarantine: quarantineShape.nullable().catch(null),
  /** What vanished must be looked for in the store once more: its claims may have lagged behind what was read. */
  absencesOwed: z.boolean().catch(false),
  /** The process that wrote this, by its name in leases. */
  owner: z.string().catch(''),
});

/** What is remembered of a feed under `feed:<name>`; `tipline status` shows it. */
export type FeedState = z.output<typeof feedStateShape>;

export const NEW_FEED: FeedState = {
  cursor: null,
  fingerprint: '',
  publishedAt: 0,
  lastOk: 0,
  notBefore: 0,
  nextAt: 0,
  lasted: 0,
  failures: 0,
  lastError: null,
  records: 0,
  expired: 0,
  good: null,
  quarantine: null,
  absencesOwed: false,
  owner: '',
};

export function feedKey(name: string): string {
  return `${KEY_PREFIX}${name}`;
}

export function parseFeedState(value: unknown): FeedState {
  const parsed = feedStateShape.safeParse(value);
  return parsed.success ? parsed.data : NEW_FEED;
}

/** All feeds that were ever read, by name. */
export async function readFeedStates(cursors: Cursors): Promise<Map<string, FeedState>> {
  const states = new Map<string, FeedState>();
  for (const [key, value] of await cursors.list(KEY_PREFIX)) {
    states.set(key.slice(KEY_PREFIX.length), parseFeedState(value));
  }
  return states;
}

import type { z } from 'zod';
import type { Bus } from '../bus/port.ts';
import type { RawIndicator } from '../core/contract/raw-indicator.ts';
import { hostsIn } from '../core/process/config/hosts.ts';
import type { KafkaReach } from '../core/process/config/sections.ts';
import type { Log } from '../core/process/log.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import type { FeedMemory } from './feed-memory.ts';
import type { Fetcher } from './fetch/fetcher.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { FeedSettings } from './settings.ts';
import type { Tally } from './tally.ts';
import type { TurnedAway } from './turned-away.ts';

/**
 * The contract between ingest and its feeds. A new source is one file in `feeds/` that calls `defineFeed`, and one line in
 * `feeds/index.ts`. A feed reads and translates; the schedule, the cursor's storage, the defaults of the configuration, the record
 * keys and the publishing are done around it.
 */

/** A JSON object that somebody else wrote: nothing in it is checked yet. */
export type ForeignRecord = Record<string, unknown>;

/** Bytes that are no JSON object. They are published as they are, so that the enricher dead-letters them with the reason. */
export class Unreadable {
  readonly bytes: Buffer;

  /** `bytes` must be the record's own: a view into a reused buffer would change before it is sent. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

export type FeedRecord = RawIndicator | ForeignRecord | Unreadable;

/** Some records, and where to go on once they are on the bus. */
export interface Page {
  readonly records: readonly FeedRecord[];
  /** Stored as soon as the records are on the bus; absent on all but the last page of a list that cannot be resumed. Plain JSON, never changed later. */
  readonly cursor?: unknown;
  /** The source has more than it gives: what is missing from this list may well be there. */
  readonly truncated?: boolean;
}

export interface PollContext {
  /** The last cursor that was stored, or null. May come from another version or type of feed: check it. */
  readonly cursor: unknown;
  /** Epoch ms at which this poll began: the `collected_at` of a list. */
  readonly startedAt: number;
  /** ISO 8601: what a snapshot list grants its members, so that what vanishes from it expires by itself. */
  readonly validUntil: string;
  /** True when an unchanged list must be read and published again, so that nothing on it expires. */
  readonly republishDue: boolean;
  /** Read what is there now and end: nobody looks again soon. */
  readonly once: boolean;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
  /** Counts what had to be left out. */
  readonly tally: Tally;
  /** Absent where a feed is only looked at. */
  readonly memory?: FeedMemory;
  /** No poll before this moment (epoch ms): a quota is used up. Survives a restart. */
  postpone(until: number): void;
}

/** Asked again and again. A page is asked for only when the one before is on the bus, so back-pressure reaches the source. */
export interface PolledFeed {
  readonly kind: 'polled';
  /** Milliseconds from the beginning of a poll to that of the next. */
  readonly every: number;
  /** The source is on this machine and may be looked at as often as it pleases: no jitter, no spread, no waiting after a restart. */
  readonly local: boolean;
  /**
   * Each poll that yields a page yields the whole list: it is judged as one before any of it is published, and what is no longer on it can be
   * told. Such a list cannot be resumed: only the cursor of its end counts.
   */
  readonly snapshot?: boolean;
  /** Yields no page when there is nothing new. Throws a TiplineError when the source fails. */
  poll(context: PollContext): AsyncIterable<Page>;
  /** Lets go of what is kept between polls. */
  close?(): Promise<void>;
}

export interface ListenContext {
  readonly signal: AbortSignal;
  readonly tally: Tally;
  /** Resolves when all of `records` are on the bus: read no more before. */
  deliver(records: readonly FeedRecord[]): Promise<void>;
  /** Where it listens, for health and log. */
  ready(detail: string): void;
  /** Counts a client that was let go of. */
  turnedAway(reason: TurnedAway): void;
}

/** Sent to, for as long as the worker runs. */
export interface ListeningFeed {
  readonly kind: 'listening';
  /** Resolves after the signal, with everything delivered; rejects when it cannot listen. */
  run(context: ListenContext): Promise<void>;
}

export type Feed = PolledFeed | ListeningFeed;

/** A topic of a Kafka that is not tipline's own. */
export interface ForeignTopic {
  /** The name of the feed that reads it. */
  readonly feed: string;
  readonly topic: string;
  readonly reach: KafkaReach;
}

export interface FeedContext {
  readonly fetcher: Fetcher;
  readonly log: Log;
  /** The time that schedule and retry waits go by; absent: that of the machine. */
  readonly clock?: Clock;
  /** Opens the Kafka of a topic; who opens it closes it. Absent where feeds are only looked at. */
  readonly openBus?: (topic: ForeignTopic) => Promise<Bus>;
}

/** What a feed is opened with. */
export interface OpenContext extends FeedContext {
  readonly clock: Clock;
  /** Changes with the configuration, secrets aside. */
  readonly fingerprint: string;
}

/** A feed of the configuration, checked, not yet opened. */
export interface ConfiguredFeed {
  readonly settings: FeedSettings;
  /** Changes with the configuration, secrets aside. */
  readonly fingerprint: string;
  /** Hosts that it reaches as it is configured, without ports. */
  readonly reaches: readonly string[];
  open(context: FeedContext): Feed;
}

export type FeedParse = { ok: true; feed: ConfiguredFeed } | { ok: false; issues: readonly z.core.$ZodIssue[] };

/** What `feeds/index.ts` lists. */
export interface FeedDefinition {
  readonly type: string;
  /** What its section of the configuration may hold. */
  readonly schema: z.ZodType;
  parse(section: unknown): FeedParse;
}

interface FeedParts<Config extends FeedSettings> {
  type: string;
  /** `commonKeys` of settings.ts and the feed's own. */
  schema: z.ZodType<Config>;
  /** Keys that must not enter the fingerprint. */
  secrets: readonly string[];
  open(config: Config, context: OpenContext): Feed;
}

/** How a source is reached, and how its answers are judged, changes nothing of what it says. */
const WAYS = ['proxy', 'tls', 'rate', 'allow_private', 'checks', 'limits'];

/** Ties a schema to what it configures. */
export function defineFeed<Config extends FeedSettings>(parts: FeedParts<Config>): FeedDefinition {
  return {
    type: parts.type,
    schema: parts.schema,
    parse(section) {
      const parsed = parts.schema.safeParse(section);
      if (!parsed.success) return { ok: false, issues: parsed.error.issues };
      const config = parsed.data;
      const fingerprint = fingerprintOf(config, [...parts.secrets, ...WAYS]);
      return {
        ok: true,
        feed: {
          settings: config,
          fingerprint,
          reaches: hostsIn(parts.schema, config),
          open: (context) => parts.open(config, { clock: REAL_CLOCK, ...context, fingerprint }),
        },
      };
    },
  };
}

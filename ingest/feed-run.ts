import type { Outgoing } from '../bus/port.ts';
import { codeOf, messageOf, TiplineError } from '../core/process/errors.ts';
import type { Log } from '../core/process/log.ts';
import type { WorkerContext } from '../core/process/worker-context.ts';
import type { IndicatorStore } from '../store/port.ts';
import type { Clock } from './clock.ts';
import type { FeedRecord } from './feed.ts';
import type { FeedMemory } from './feed-memory.ts';
import type { FeedState, Quarantine } from './feed-state.ts';
import type { TransportedFetcher } from './fetch/transport.ts';
import type { NotSent, Rules } from './outgoing.ts';
import type { Publisher } from './publish.ts';
import { type Refused, ROW_REFUSALS } from './refusal.ts';
import type { FeedSettings } from './settings.ts';
import type { OwnThings } from './snapshot/own.ts';
import type { StateKeeper } from './state-keeper.ts';
import type { Tally } from './tally.ts';
import type { TurnedAway } from './turned-away.ts';
import { type UsabilityWatch, unusable } from './usability.ts';

/** What a feed brought since the worker started. */
export interface FeedCounts {
  /** Records, usable or not. */
  read: number;
  published: number;
  /** Rows that gave no record, and lines and records above the size cap. */
  skipped: number;
  /** Left out by the feed's own `include`, `exclude` and `tlp_max`. */
  notAdmitted: number;
  /** Published, and over already: their threat was last seen too long ago, or they say so themselves. */
  expired: number;
}

/** Everything that belongs to one feed while the worker runs. */
export interface FeedRun extends Rules {
  readonly settings: FeedSettings;
  readonly fingerprint: string;
  /** The feed's own way to its source. */
  readonly fetcher: TransportedFetcher;
  readonly clock: Clock;
  readonly keeper: StateKeeper;
  readonly memory: FeedMemory;
  /** What no list should name. */
  readonly own: OwnThings;
  /** What the store remembers of a feed; absent where nothing is. */
  readonly remembered: Pick<IndicatorStore, 'ofFeed'> | undefined;
  /** Folder of the lists that are judged before they are published. */
  readonly lists: string;
  /** Has an operator released what is held back? */
  isReleased(quarantine: Quarantine): Promise<boolean>;
  readonly counts: FeedCounts;
  /** The same losses by reason, and what was held back. */
  readonly refused: Refused;
  /** Clients that a feed that listens let go of. */
  readonly turnedAway: Record<TurnedAway, number>;
  readonly tally: Tally;
  /** What becomes of the records; absent where nobody can tell. */
  readonly usability: UsabilityWatch | undefined;
  readonly publisher: Publisher;
  /** Carries the feed's name. */
  readonly log: Log;
  readonly context: WorkerContext;
  readonly signal: AbortSignal;
}

/** The bus refused for good, or nobody knows what happened to it: the process must end, whichever feed it was. */
export class BusFailure extends Error {}

/** Publishes and counts. Rejects with a BusFailure, or with INGEST_STOPPED when the worker stops while the bus is away. */
export async function deliver(run: FeedRun, records: readonly FeedRecord[]): Promise<void> {
  if (records.length === 0) return;
  run.counts.read += records.length;
  const { seam } = run.context;
  await seam('ingest-publishing', run.settings.name);
  const { published, over, notSent } = await onBus(run.publisher.publish(records, run.settings, run, run.usability));
  run.counts.published += published;
  run.counts.expired += over;
  for (const [reason, count] of notSent) leaveOut(run, reason, count);
  await seam('ingest-published', run.settings.name);
}

/** Counts records that do not go on the bus. */
export function leaveOut({ counts, refused, tally }: FeedRun, reason: NotSent, count = 1): void {
  if (reason === 'too_large') {
    tally.tooLong(count);
    return;
  }
  counts.notAdmitted += count;
  refused[reason] += count;
}

/** Publishes what is made up for the bus already; rejects like `deliver`. */
export async function forward(run: FeedRun, records: readonly Outgoing[]): Promise<void> {
  if (records.length === 0) return;
  const { seam } = run.context;
  await seam('ingest-publishing', run.settings.name);
  run.counts.published += await onBus(run.publisher.forward(records, run.settings));
  await seam('ingest-published', run.settings.name);
}

async function onBus<T>(publishing: Promise<T>): Promise<T> {
  try {
    return await publishing;
  } catch (error) {
    if (codeOf(error) === 'INGEST_STOPPED') throw error;
    throw new BusFailure('the bus failed', { cause: error });
  }
}

const MOST_WRITTEN = 5;
const WRITE_EVERY_MS = 30_000;

/** Tells health, log and state of a failure; an error that stays the same is told once. */
export function reportFailure(run: FeedRun, cause: unknown): TiplineError {
  const { keeper, settings, context, log } = run;
  const error =
    cause instanceof TiplineError
      ? cause
      : new TiplineError('FEED_FAILED', 'reading the feed failed in a way that is not foreseen', { cause });
  const message = messageOf(error);
  const { lastError } = keeper.state;
  const known = keeper.state.failures > 0 && lastError?.message === message;
  const failures = keeper.state.failures + 1;
  const now = run.clock.now();
  // of what fails each second not each time is written
  if (!known || failures <= MOST_WRITTEN || now - lastError.at >= WRITE_EVERY_MS)
    keeper.update({ failures, lastError: { at: now, code: error.code, message } });
  context.health.report(`feed:${settings.name}`, 'down', message);
  if (known) log.debug({ error, failures }, 'the feed failed again');
  else log.warn({ error, failures }, 'the feed failed; it is tried again');
  return error;
}

/** The source is well, so it is asked again in its rhythm; health tells until the list is right again or released. */
export function reportQuarantine(run: FeedRun, held: TiplineError & { isNew: boolean }): void {
  const { keeper, settings, context, log } = run;
  const { code, message, isNew } = held;
  keeper.update({ failures: 0, lastError: { at: run.clock.now(), code, message } });
  context.health.report(`feed:${settings.name}`, 'down', message);
  if (isNew) log.warn({}, message);
  else log.debug({}, 'the list is still held back');
}

const UNUSABLE = 'FEED_UNUSABLE';

/**
 * What is wrong with a feed that was read well and is not well: too many of its records become dead letters. A reading that brought nothing leaves
 * what was said of it, also over a restart.
 */
function complaintOf({ usability, keeper, settings, fingerprint }: FeedRun): string | undefined {
  const seen = usability?.now();
  if (seen !== undefined) return unusable(seen, settings.name);
  const { lastError, fingerprint: before } = keeper.state;
  return lastError?.code === UNUSABLE && before === fingerprint ? lastError.message : undefined;
}

/** Health after a good reading: the feed is up, unless there is a complaint. Returns what its state says of that. */
export function reportUsability(run: FeedRun, detail: string): Pick<FeedState, 'failures' | 'lastError'> {
  const { keeper, context, settings, log, clock } = run;
  const complaint = complaintOf(run);
  const part = `feed:${settings.name}`;
  if (complaint === undefined) {
    context.health.report(part, 'up', detail);
    return { failures: 0, lastError: null };
  }
  context.health.report(part, 'down', complaint);
  // the figures in it grow from reading to reading
  if (keeper.state.lastError?.code !== UNUSABLE) log.warn({}, complaint);
  return { failures: 0, lastError: { at: clock.now(), code: UNUSABLE, message: complaint } };
}

/** One line about what came since `before`, and what had to be left out. `quiet`: it comes so often that only losses are worth one. */
export function reportReading(run: FeedRun, before: FeedCounts, quiet: boolean): void {
  const { notes, firstSkipped, skipped, tooLong, refused } = run.tally.take();
  run.counts.skipped += skipped + tooLong;
  for (const reason of ROW_REFUSALS) run.refused[reason] += refused[reason];
  for (const note of notes) run.log.warn({}, note);
  const read = run.counts.read - before.read;
  const notAdmitted = run.counts.notAdmitted - before.notAdmitted;
  const expired = run.counts.expired - before.expired;
  const fields = {
    read,
    published: run.counts.published - before.published,
    ...(expired > 0 ? { expired_on_arrival: expired } : {}),
    ...(notAdmitted > 0 ? { not_admitted: notAdmitted } : {}),
    ...(skipped > 0 ? { skipped, first_skipped: firstSkipped } : {}),
    ...(tooLong > 0 ? { too_long: tooLong } : {}),
  };
  // a closing line of metadata is one row; a wrong column map is many
  if (tooLong > 0 || skipped * 100 > read) run.log.warn(fields, 'read, but for rows that could not be used');
  else if ((quiet && expired === 0) || read === 0) run.log.debug(fields, 'read');
  else run.log.info(fields, 'read');
}

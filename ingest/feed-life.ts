import type { Cursors } from '../store/port.ts';
import type { ConfiguredFeed, ListeningFeed, PolledFeed } from './feed.ts';
import type { FeedRun } from './feed-run.ts';
import { followListening, followPolled, readOnce } from './follow.ts';
import type { LifetimeOf } from './lifetime.ts';
import { createListeningPlace } from './listening-place.ts';
import { republishAfter } from './schedule.ts';
import { inTurn } from './turn.ts';

export interface LifeOptions {
  cursors: Cursors;
  /** Read every feed once, files to their present end, and end. Feeds that listen are passed over. */
  once: boolean;
  /** Names this process in leases. */
  owner: string;
  /** Milliseconds that the responder blocks for, and that an indicator lives without being seen again; undefined: the shortest of any type. */
  blockFor: number;
  readonly lifetimeOf: LifetimeOf;
}

export interface FeedFailure {
  name: string;
  code: string;
  message: string;
}

const FLUSH_MS = 5000;

/** One feed from its opening to its end: until the worker stops, or with `once` until it was read. Throws a BusFailure alone. */
export async function liveFeed(
  configured: ConfiguredFeed,
  run: FeedRun,
  options: LifeOptions,
): Promise<FeedFailure | undefined> {
  const feed = configured.open({ fetcher: run.fetcher, log: run.log, clock: run.clock });
  try {
    return feed.kind === 'listening' ? await listen(feed, run, options) : await poll(feed, run, options);
  } finally {
    if (feed.kind === 'polled') await feed.close?.();
    await run.fetcher.close();
  }
}

async function listen(feed: ListeningFeed, run: FeedRun, { once, owner, cursors }: LifeOptions): Promise<undefined> {
  if (once) {
    run.log.info({}, 'this feed listens; it is passed over when feeds are read once');
    return;
  }
  run.context.health.report(`feed:${run.settings.name}`, 'starting');
  await run.keeper.load(run.signal);
  try {
    const { settings, clock } = run;
    const place = createListeningPlace({ name: settings.name, owner, cursors, clock });
    if (!run.signal.aborted) await followListening(run, feed, place);
  } finally {
    await run.keeper.flush(FLUSH_MS);
  }
}

async function poll(feed: PolledFeed, run: FeedRun, options: LifeOptions): Promise<FeedFailure | undefined> {
  const { settings, clock, log, signal, context } = run;
  const { once, cursors, owner } = options;
  const republish = republishAfter(options.lifetimeOf(settings.indicator_type), options.blockFor, feed.every);
  const part = `feed:${settings.name}`;
  let failure: FeedFailure | undefined;
  context.health.report(part, 'starting');

  async function read(held: AbortSignal, lose: () => void): Promise<void> {
    const turn = { ...run, signal: held };
    // the lease is for sparing work; what keeps a reader that lost it from moving the state is that it writes no more
    held.addEventListener('abort', () => signal.aborted || run.keeper.letGo(), { once: true });
    // whoever had the feed in the meantime has moved its state
    await run.keeper.load(held, lose);
    try {
      if (held.aborted) return;
      if (!once) return await followPolled(turn, feed, republish);
      const error = await readOnce(turn, feed, republish);
      if (error !== undefined) failure = { name: settings.name, code: error.code, message: error.message };
    } finally {
      await run.keeper.flush(FLUSH_MS);
    }
  }

  const waiting = (): void => context.health.report(part, 'up', 'another process reads it');
  const turn = await inTurn(
    { name: settings.name, owner, cursors, clock, log, signal },
    { wait: !once, waiting },
    read,
  );
  if (turn === 'taken') {
    waiting();
    log.warn({}, 'another process reads this feed; it is passed over');
  }
  return failure;
}

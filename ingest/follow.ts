import { createBackoff } from '../core/process/backoff.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { ListeningFeed, PolledFeed } from './feed.ts';
import { BusFailure, deliver, type FeedRun, reportFailure, reportReading, reportUsability } from './feed-run.ts';
import type { ListeningPlace } from './listening-place.ts';
import { pollOnce } from './poll.ts';
import { firstPollAt, nextPollAt, waitUntil } from './schedule.ts';
import { TURNED_AWAY_WORDS, turnedAwayText } from './turned-away.ts';

/** Reads a feed again and again until the worker stops; its polls never overlap. Throws a BusFailure alone. */
export async function followPolled(run: FeedRun, feed: PolledFeed, republishAfter: number): Promise<void> {
  const ended = new AbortController();
  void watchOverdue(run, feed, ended.signal);
  try {
    await pollAgainAndAgain(run, feed, republishAfter);
  } finally {
    ended.abort();
  }
}

const INTERVALS = 3;
const LOOK_EVERY_MS = 5_000;

/** A feed that was not read well for three intervals is sick, even when nothing says that it failed: it may hang. */
async function watchOverdue(
  { keeper, clock, context, settings }: FeedRun,
  { every, local }: PolledFeed,
  ended: AbortSignal,
): Promise<void> {
  if (local) return;
  const began = clock.now();
  while (!ended.aborted) {
    const { lastOk, quarantine } = keeper.state;
    const left = Math.max(began, lastOk) + INTERVALS * every - clock.now();
    // what is held back was told of with its reason
    if (left < 0 && quarantine === null) {
      const last = lastOk === 0 ? 'never' : `last at ${new Date(lastOk).toISOString()}`;
      context.health.report(`feed:${settings.name}`, 'down', `not read well for three intervals, ${last}`);
    }
    await clock.pause(Math.max(left + 1, every, LOOK_EVERY_MS), ended);
  }
}

async function pollAgainAndAgain(run: FeedRun, feed: PolledFeed, republishAfter: number): Promise<void> {
  const { keeper, signal, clock } = run;
  const { every, local } = feed;
  reportStart(run);
  const { lastOk, notBefore } = keeper.state;
  const changed = keeper.state.fingerprint !== run.fingerprint;
  let at = firstPollAt({ every, local, now: clock.now(), lastOk, notBefore, changed });
  for (;;) {
    await waitForTurn(run, at);
    if (signal.aborted) return;
    const startedAt = clock.now();
    const outcome = await pollOnce(run, feed, { once: false, republishAfter });
    if (outcome.kind === 'stopped') return;
    at = nextPollAt({
      every,
      local,
      startedAt,
      now: clock.now(),
      failures: keeper.state.failures,
      retryAfterMs: outcome.kind === 'failed' ? outcome.retryAfterMs : undefined,
      notBefore: keeper.state.notBefore,
    });
    if (!local) {
      keeper.update({ nextAt: at });
      run.log.debug({ next: new Date(at).toISOString() }, 'waits for its turn');
    }
  }
}

const RELEASE_LOOK_MS = 30_000;

/** Until `at`, or until what is held back is released: an operator who released it wants to see it. */
async function waitForTurn({ keeper, clock, signal, isReleased }: FeedRun, at: number): Promise<void> {
  for (;;) {
    const { quarantine, notBefore } = keeper.state;
    const left = at - clock.now();
    if (quarantine === null || left <= RELEASE_LOOK_MS) return await waitUntil(at, signal, clock);
    await clock.pause(RELEASE_LOOK_MS, signal);
    if (signal.aborted || (notBefore <= clock.now() && (await isReleased(quarantine)))) return;
  }
}

/** Before the first poll, health tells what the last run knew: a restart makes no feed sick. */
function reportStart({ keeper, context, settings }: FeedRun): void {
  const { lastOk, lastError } = keeper.state;
  const part = `feed:${settings.name}`;
  if (lastError !== null) context.health.report(part, 'down', lastError.message);
  else if (lastOk > 0) context.health.report(part, 'up', `last read at ${new Date(lastOk).toISOString()}`);
}

/** The one reading of `--once`; the error that made it fail, if one did. */
export async function readOnce(
  run: FeedRun,
  feed: PolledFeed,
  republishAfter: number,
): Promise<TiplineError | undefined> {
  const { clock } = run;
  const { notBefore } = run.keeper.state;
  if (notBefore > clock.now()) {
    const until = new Date(notBefore).toISOString();
    const why = `its quota is used up, or it asked to be left alone; it may be asked again at ${until}`;
    // one that is well has been read as often as it may be, which is no failure
    if (run.keeper.state.failures > 0)
      return reportFailure(run, new TiplineError('FEED_QUOTA', why, { retryable: true }));
    run.log.info({}, `the feed is passed over: ${why}`);
    return undefined;
  }
  const outcome = await pollOnce(run, feed, { once: true, republishAfter });
  return outcome.kind === 'failed' || outcome.kind === 'held' ? outcome.error : undefined;
}

/** How soon what was sent shows in the state of the feed and in health, and how often a log line tells of it. */
const KEEP_EVERY_MS = 2_000;
const REPORT_EVERY_MS = 60_000;
/** An address that another process of ours listens on is free when that one ends. */
const TRY_EVERY_MS = 10_000;

/** Lets a feed listen until the worker stops, and begin again when it cannot. Throws a BusFailure alone. */
export async function followListening(run: FeedRun, feed: ListeningFeed, place: ListeningPlace): Promise<void> {
  const { keeper, signal, log, clock, context, settings, turnedAway } = run;
  let reported = { ...run.counts };
  let kept = run.counts.read;
  /** Where it listens; undefined while it does not. */
  let where: string | undefined;
  run.usability?.begin(true);
  const keep = (): void => {
    if (where === undefined) return;
    const state = reportUsability(run, `${where}${turnedAwayText(turnedAway)}`);
    if (run.counts.read > kept) {
      const { read: records, expired } = run.counts;
      keeper.update({ ...state, lastOk: clock.now(), records, expired });
    }
    kept = run.counts.read;
  };
  const report = (): void => {
    reportReading(run, reported, false);
    reported = { ...run.counts };
  };
  const timers = [setInterval(keep, KEEP_EVERY_MS), setInterval(report, REPORT_EVERY_MS)];
  const backoff = createBackoff({ first: 1000, most: 60_000 });
  try {
    while (!signal.aborted) {
      const ended = new AbortController();
      let wait: number | undefined;
      try {
        await feed.run({
          signal,
          tally: run.tally,
          deliver: (records) => deliver(run, records),
          ready(at) {
            where = at;
            backoff.reset();
            keeper.update(reportUsability(run, at));
            void place.hold(AbortSignal.any([signal, ended.signal]));
            log.info({}, at);
          },
          turnedAway(reason) {
            turnedAway[reason] += 1;
            if (turnedAway[reason] === 1) log.warn({ reason }, TURNED_AWAY_WORDS[reason]);
          },
        });
      } catch (error) {
        if (error instanceof BusFailure) throw error;
        where = undefined;
        if (await place.isOurs(error)) {
          context.health.report(`feed:${settings.name}`, 'up', 'another process on this machine listens there');
          wait = TRY_EVERY_MS;
        } else if (!signal.aborted) reportFailure(run, error);
      } finally {
        ended.abort();
      }
      await clock.pause(wait ?? backoff.next(), signal);
    }
  } finally {
    for (const timer of timers) clearInterval(timer);
    keep();
    report();
  }
}

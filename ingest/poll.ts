import type { TiplineError } from '../core/process/errors.ts';
import type { PolledFeed } from './feed.ts';
import { BusFailure, deliver, type FeedRun, reportFailure, reportReading } from './feed-run.ts';
import { FetchError } from './fetch/fetch-error.ts';
import { createLimitCheck } from './limits.ts';
import { grantOf } from './schedule.ts';

export type PollOutcome =
  | { kind: 'ok' }
  | { kind: 'failed'; error: TiplineError; retryAfterMs: number | undefined }
  | { kind: 'stopped' };

export interface PollOptions {
  once: boolean;
  /** Milliseconds after which an unchanged list is published again. */
  republishAfter: number;
}

/** Looks at a local feed come every second; its state is written when something came, or so often. */
const SAVE_LOCAL_MS = 60_000;

/**
 * Reads a feed once: page by page, each on the bus before the next is asked for, and its cursor kept as soon as it is there. A fault of the
 * feed is an outcome; only a BusFailure is thrown.
 */
export async function pollOnce(run: FeedRun, feed: PolledFeed, options: PollOptions): Promise<PollOutcome> {
  const { keeper, signal } = run;
  const startedAt = run.clock.now();
  const before = { ...run.counts };
  const withinLimits = createLimitCheck(run.settings.limits ?? {}, startedAt);
  const pages = feed.poll({
    cursor: keeper.state.cursor,
    startedAt,
    validUntil: new Date(startedAt + grantOf(feed.every)).toISOString(),
    republishDue: startedAt - keeper.state.publishedAt >= options.republishAfter,
    once: options.once,
    signal,
    tally: run.tally,
    postpone: (until) => keeper.update({ notBefore: until }),
  });
  try {
    for await (const page of pages) {
      withinLimits(page.records, run.clock.now());
      await deliver(run, page.records);
      if (page.cursor !== undefined) keeper.update({ cursor: page.cursor });
      if (signal.aborted) return { kind: 'stopped' };
    }
  } catch (error) {
    if (error instanceof BusFailure) throw error;
    if (signal.aborted) return { kind: 'stopped' };
    reportReading(run, before, feed.local);
    const retryAfterMs = error instanceof FetchError ? error.retryAfterMs : undefined;
    return { kind: 'failed', error: reportFailure(run, error), retryAfterMs };
  }
  noteSuccess(run, feed, startedAt, run.counts.read - before.read);
  reportReading(run, before, feed.local);
  return { kind: 'ok' };
}

function noteSuccess(run: FeedRun, feed: PolledFeed, startedAt: number, read: number): void {
  const { keeper, context, settings, counts } = run;
  const now = run.clock.now();
  const { failures, lastOk } = keeper.state;
  if (read > 0 || !feed.local || failures > 0 || now - lastOk > SAVE_LOCAL_MS) {
    keeper.update({
      lastOk: now,
      lasted: now - startedAt,
      failures: 0,
      lastError: null,
      fingerprint: run.fingerprint,
      ...(read > 0 ? { records: read, publishedAt: startedAt } : {}),
    });
  }
  context.health.report(`feed:${settings.name}`, 'up', `${counts.read} records since the start`);
}

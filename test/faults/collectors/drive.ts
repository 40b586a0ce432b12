import assert from 'node:assert/strict';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { silentLog } from '../../../core/process/log.ts';
import type { PolledFeed } from '../../../ingest/feed.ts';
import { parseFeed } from '../../../ingest/feeds/index.ts';
import type { Fetcher } from '../../../ingest/fetch/fetcher.ts';
import { createTally, type TallyReport } from '../../../ingest/tally.ts';

/** What came of one poll. */
export interface Polled {
  records: RawIndicator[];
  /** Code and message of the error it ended with. */
  error: { code: string; message: string; retryAfterMs: number | undefined } | undefined;
  tally: TallyReport;
}

export interface Driver {
  readonly feed: PolledFeed;
  /** All that was delivered so far. */
  readonly records: RawIndicator[];
  cursor: unknown;
  /**
   * Polls once, and keeps the cursor of each page that was delivered. `crashAfter`: so many pages, and the process is gone, with one more
   * delivered and not noted; `stopAfter`: so many pages, and no more is asked for.
   */
  poll(options?: { crashAfter?: number; stopAfter?: number }): Promise<Polled>;
  /** Polls until one ends well. Fails when `most` do not do. */
  untilGood(most?: number): Promise<Polled[]>;
  /** The distinct values that were delivered, sorted. */
  values(): string[];
}

/** When the first poll begins. */
export const STARTED_AT = Date.parse('2026-02-01T00:00:00Z');

/** Drives a polled feed as ingest does, without bus and store: a page is delivered, then its cursor kept as JSON. */
export function driveFeed(section: unknown, fetcher: Fetcher): Driver {
  const parsed = parseFeed(section);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.issues));
  const feed = parsed.feed.open({ fetcher, log: silentLog });
  assert.ok(feed.kind === 'polled');
  let polls = 0;
  const driver: Driver = {
    feed,
    records: [],
    cursor: null,
    async poll({ crashAfter = Number.POSITIVE_INFINITY, stopAfter = Number.POSITIVE_INFINITY } = {}) {
      const tally = createTally();
      const records: RawIndicator[] = [];
      const stopping = new AbortController();
      const startedAt = STARTED_AT + polls * 3_600_000;
      polls += 1;
      let pages = 0;
      let error: Polled['error'];
      try {
        const context = {
          cursor: driver.cursor,
          startedAt,
          validUntil: new Date(startedAt + 86_400_000).toISOString(),
          republishDue: false,
          once: false,
          signal: stopping.signal,
          tally,
          postpone: () => {},
        };
        for await (const page of feed.poll(context)) {
          for (const record of page.records) {
            assert.ok('indicator' in record);
            records.push(record as RawIndicator);
            driver.records.push(record as RawIndicator);
          }
          pages += 1;
          // what is delivered and not yet noted comes again
          if (pages > crashAfter) break;
          if (page.cursor !== undefined) driver.cursor = JSON.parse(JSON.stringify(page.cursor));
          if (pages === stopAfter) break;
        }
      } catch (thrown) {
        const { code, message, retryAfterMs } = thrown as Error & { code?: string; retryAfterMs?: number };
        assert.ok(code !== undefined, thrown instanceof Error ? thrown.stack : String(thrown));
        error = { code, message, retryAfterMs };
      }
      return { records, error, tally: tally.take() };
    },
    async untilGood(most = 10) {
      const done: Polled[] = [];
      while (done.length < most) {
        const polled = await driver.poll();
        done.push(polled);
        if (polled.error === undefined) return done;
      }
      assert.fail(`no good poll in ${most}: ${done.map(({ error }) => `${error?.code} ${error?.message}`).join('; ')}`);
    },
    values: () => [...new Set(driver.records.map(({ indicator }) => indicator))].sort(),
  };
  return driver;
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import { silentLog } from '../../../../core/process/log.ts';
import type { FeedDefinition } from '../../../../ingest/feed.ts';
import type { FeedMemory } from '../../../../ingest/feed-memory.ts';
import { createFetcher } from '../../../../ingest/fetch/fetcher.ts';
import { createTally, type TallyReport } from '../../../../ingest/tally.ts';

export interface Reading {
  records: RawIndicator[];
  /** The last cursor that a page brought, as it comes back from a store. */
  cursor: unknown;
  report: TallyReport;
  error: unknown;
}

export interface Source {
  /** Reads once, from where it was left; `crashAfter`: the process dies with that page, which is not on the bus. */
  read(more?: { crashAfter?: number; section?: object; now?: number }): Promise<Reading>;
  cursor: unknown;
}

/** A feed that is polled by hand, with its cursor kept as a store keeps it. */
export function openSource(t: TestContext, definition: FeedDefinition, section: object, memory?: FeedMemory): Source {
  const fetcher = createFetcher({ connectTimeout: 2000, answerTimeout: 5000, totalTimeout: 20_000 });
  t.after(() => fetcher.close());
  const source: Source = {
    cursor: null,
    async read({ crashAfter = Number.POSITIVE_INFINITY, section: other = {}, now = Date.now() } = {}) {
      const parsed = definition.parse({ ...section, ...other });
      assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.issues));
      const feed = parsed.feed.open({ fetcher, log: silentLog });
      assert.equal(feed.kind, 'polled');
      if (feed.kind !== 'polled') throw new Error('not polled');
      const tally = createTally();
      const records: RawIndicator[] = [];
      let error: unknown;
      let pages = 0;
      try {
        const polled = feed.poll({
          cursor: source.cursor,
          startedAt: now,
          validUntil: new Date(now + 86_400_000).toISOString(),
          republishDue: false,
          once: true,
          signal: new AbortController().signal,
          tally,
          ...(memory === undefined ? {} : { memory }),
          postpone: () => {},
        });
        for await (const page of polled) {
          pages += 1;
          if (pages > crashAfter) break;
          records.push(...(page.records as RawIndicator[]));
          if (page.cursor !== undefined) source.cursor = JSON.parse(JSON.stringify(page.cursor));
        }
      } catch (thrown) {
        error = thrown;
      }
      return { records, cursor: source.cursor, report: tally.take(), error };
    },
  };
  return source;
}

export function indicatorsOf({ records }: Reading): string[] {
  return records.map(({ indicator }) => indicator);
}

import { tmpdir } from 'node:os';
import type { Located } from '../../bus/port.ts';
import { originOf } from '../../core/contract/topics.ts';
import type { Claim } from '../../enrich/state/claim.ts';
import { supersedes } from '../../enrich/state/merge.ts';
import type { TimeWindow } from '../../enrich/steps/read-record.ts';
import { openTemporary } from '../../ingest/formats/temporary-database.ts';
import { fromRaw, type Statement } from './statement.ts';

/**
 * What `ioc.raw` still has, of each statement the newest telling: a steady feed says the same every few hours. By indicator, in a
 * temporary file, since a week of it may be large.
 */
export interface NewestRaw {
  readonly count: number;
  /** Those of indicators whose id is not below `from` and below `to`. */
  between(from: string, to: string | undefined): Statement[];
  close(): void;
}

interface Stored {
  origin: string;
  value: Buffer;
  headers: string;
  timestamp: number;
}

/** Names a statement: who said what. */
export function statementKey({ feed, source, ref, hash }: Claim): string {
  return [feed, source, ref, hash].join('\0');
}

const CACHE_BYTES = 16 * 1024 ** 2;

export async function newestRaw(records: AsyncIterable<Located>, window: TimeWindow): Promise<NewestRaw> {
  const { sqlite, close } = openTemporary({
    folder: tmpdir(),
    cacheBytes: CACHE_BYTES,
    schema: `CREATE TABLE raw (id TEXT, statement TEXT, origin TEXT, timestamp INTEGER, headers TEXT, value BLOB,
      PRIMARY KEY (id, statement)) STRICT, WITHOUT ROWID`,
  });
  const get = sqlite.prepare('SELECT origin, timestamp, headers, value FROM raw WHERE id = ? AND statement = ?');
  const put = sqlite.prepare('INSERT OR REPLACE INTO raw VALUES (?, ?, ?, ?, ?, ?)');
  const range = sqlite.prepare(
    'SELECT origin, timestamp, headers, value FROM raw WHERE id >= ? AND id < ? ORDER BY id',
  );
  let count = 0;

  const restored = (row: unknown): Statement | undefined => {
    const { origin, value, headers, timestamp } = row as Stored;
    return fromRaw({ value: Buffer.from(value), headers: JSON.parse(headers), timestamp }, origin, window);
  };

  try {
    for await (const record of records) {
      const origin = originOf(record.topic, record.partition, record.offset);
      const statement = fromRaw(record, origin, window);
      if (statement === undefined) continue;
      const { id, claim } = statement;
      const key = statementKey(claim);
      const known = get.get(id, key);
      if (known === undefined) count += 1;
      else {
        const before = restored(known);
        if (before !== undefined && !supersedes(claim, before.claim)) continue;
      }
      put.run(id, key, origin, record.timestamp, JSON.stringify(record.headers), record.value);
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    get count() {
      return count;
    },
    between: (from, to) =>
      // ids are hexadecimal
      range.all(from, to ?? 'g').flatMap((row) => restored(row) ?? []),
    close,
  };
}

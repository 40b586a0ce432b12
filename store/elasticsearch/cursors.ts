import { createHash } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import type { Cursors, Versioned } from '../port.ts';
import { formatVersion, parseVersion, versioned } from './compare-and-set.ts';
import { ElasticsearchError } from './error.ts';

export interface CursorsContext {
  client: Client;
  index: string;
  now?: () => number;
}

interface Entry {
  kind: 'cursor' | 'lease';
  key: string;
  value?: unknown;
  owner?: string;
  until?: number;
}

/** The server takes ids of 512 bytes. */
const LONGEST_KEY = 480;
const PAGE = 1000;

/**
 * Cursors and leases are documents of one index, `cursor/…` and `lease/…`. Nothing here waits for a server that is
 * away: a feed goes on with its cursor in memory, and a lease that cannot be asked for is not held.
 */
export function createCursors({ client, index, now = Date.now }: CursorsContext): Cursors {
  async function read(kind: Entry['kind'], key: string): Promise<Versioned<Entry> | undefined> {
    try {
      const doc = await client.get<Entry>({ index, id: idOf(kind, key) });
      return doc._source === undefined ? undefined : versioned(doc._source, doc);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function write(entry: Entry, version: string | null): Promise<string | undefined> {
    const condition = version === null ? ({ op_type: 'create' } as const) : parseVersion(version);
    try {
      const done = await client.index({ index, id: idOf(entry.kind, entry.key), document: entry, ...condition });
      return formatVersion(done._seq_no, done._primary_term);
    } catch (error) {
      if (error instanceof ElasticsearchError && error.status === 409) return undefined;
      throw error;
    }
  }

  return {
    async get(key) {
      const found = await read('cursor', key);
      return found === undefined ? undefined : { value: found.value.value, version: found.version };
    },

    put: (key, value, version) => write({ kind: 'cursor', key, value }, version),

    async list(prefix) {
      await client.indices.refresh({ index });
      const values = new Map<string, unknown>();
      let after: string | undefined;
      for (;;) {
        const { hits } = await client.search<Entry>({
          index,
          query: { bool: { filter: [{ term: { kind: 'cursor' } }, { prefix: { key: prefix } }] } },
          sort: [{ key: 'asc' }],
          size: PAGE,
          ...(after === undefined ? {} : { search_after: [after] }),
          track_total_hits: false,
        });
        for (const { _source: entry } of hits.hits) {
          if (entry === undefined) continue;
          values.set(entry.key, entry.value);
          after = entry.key;
        }
        if (hits.hits.length < PAGE) return values;
      }
    },

    async lease(key, owner, ms) {
      const held = await read('lease', key);
      const free = held === undefined || held.value.owner === owner || (held.value.until ?? 0) <= now();
      if (!free) return false;
      const entry: Entry = { kind: 'lease', key, owner, until: now() + ms };
      return (await write(entry, held?.version ?? null)) !== undefined;
    },

    async release(key, owner) {
      const held = await read('lease', key);
      if (held?.version == null || held.value.owner !== owner) return;
      try {
        await client.delete({ index, id: idOf('lease', key), ...parseVersion(held.version) });
      } catch (error) {
        // Somebody took it in between, since it had run out: it is theirs.
        if (!isMissing(error) && !(error instanceof ElasticsearchError && error.status === 409)) throw error;
      }
    },
  };
}

function idOf(kind: Entry['kind'], key: string): string {
  const id = `${kind}/${key}`;
  return Buffer.byteLength(id) <= LONGEST_KEY ? id : `${kind}#${createHash('sha256').update(key).digest('hex')}`;
}

/** Without an error in the body it is the document that is missing, not the index. */
function isMissing(error: unknown): boolean {
  return error instanceof ElasticsearchError && error.status === 404 && error.server.type === 'HTTP 404';
}

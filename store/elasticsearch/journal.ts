import type { Client } from '@elastic/elasticsearch';
import type { Log } from '../../core/process/log.ts';
import type { Journal } from '../port.ts';
import type { Refused } from './bulk-outcome.ts';
import type { BulkWriter } from './bulk-writer.ts';
import { describeServerError } from './error.ts';
import { createRoute } from './indicator-writes.ts';
import type { Names } from './names.ts';

export interface JournalContext {
  client: Client;
  writer: BulkWriter;
  names: Names;
  log: Log;
  now?: () => number;
}

const MOST_HITS = 10_000;
/** A field of every copy. */
const MARK = 'schema';

/** Daily copies; `create`, so a repeat changes nothing. */
export function createJournal({ client, writer, names, log, now = Date.now }: JournalContext): Journal {
  return {
    async append(kind, entries, patience) {
      const today = new Date(now()).toISOString().slice(0, 10);
      const settled = await writer.write(
        entries.map(({ id, day, document }) => ({
          ...createRoute(names.journalDay(kind, day), id, MARK),
          document,
          // An old day that was closed takes no late copy; today's does.
          detour: day < today ? createRoute(names.journalDay(kind, today), id, MARK) : undefined,
        })),
        patience,
      );
      const refused = settled.filter((outcome): outcome is Refused => outcome.kind === 'refused');
      const [first] = refused;
      if (first !== undefined) {
        const reason = describeServerError(first.error);
        log.error(
          { kind, refused: refused.length, reason },
          'copies that Elasticsearch refuses stay on the topic alone',
        );
      }
      return settled.filter((outcome) => outcome.kind === 'created').length;
    },

    async actionsOf(indicatorId, limit) {
      const { hits } = await client.search({
        index: names.journalPattern('actions'),
        query: { term: { 'indicator.id': indicatorId } },
        sort: [{ '@timestamp': { order: 'desc', unmapped_type: 'date' } }],
        size: Math.min(limit, MOST_HITS),
        allow_no_indices: true,
        ignore_unavailable: true,
        track_total_hits: false,
        filter_path: 'hits.hits._source',
      });
      return (hits?.hits ?? []).map((hit) => hit._source);
    },
  };
}

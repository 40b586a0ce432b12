import type { Client, estypes } from '@elastic/elasticsearch';
import type { BatchPatience } from '../../bus/port.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Outbox, OutboxMail, OutboxRow, Versioned } from '../port.ts';
import type { BulkOperation, BulkWriter } from './bulk-writer.ts';
import { compareAndSet, versioned } from './compare-and-set.ts';
import { type DocumentsContext, readDocuments } from './documents.ts';
import { describeServerError } from './error.ts';

export interface OutboxContext extends DocumentsContext {
  client: Client;
  writer: BulkWriter;
  index: string;
}

/** What stands in the index; see templates/ledgers.ts. */
interface Entry<T> {
  kind: 'row' | 'mail';
  key: string;
  body: T;
}

/** A mail can hold the ids of 100,000 rows. */
const MAILS_A_PAGE = 10;
const MOST_ROWS = 10_000;

const isRow = { term: { kind: 'row' } };
const isMail = { term: { kind: 'mail' } };
const isPending = { term: { state: 'pending' } };
const isUnsent = { term: { sent: false } };

/** Rows and mails are documents of one index, `row/…` and `mail/…`. */
export function createOutbox(context: OutboxContext): Outbox {
  const { client, writer, index } = context;

  async function read<T>(
    kind: 'row' | 'mail',
    ids: readonly string[],
    patience?: BatchPatience,
  ): Promise<Map<string, Versioned<T>>> {
    const found = await readDocuments<Entry<T>>(
      context,
      index,
      ids.map((id) => `${kind}/${id}`),
      patience,
    );
    return new Map([...found.values()].map((doc) => [doc._source.key, versioned(doc._source.body, doc)]));
  }

  /** One answer an entry; false when somebody else was first. */
  async function save(entries: readonly BulkOperation[], patience?: BatchPatience): Promise<boolean[]> {
    const settled = await writer.write(entries, patience);
    return settled.map((outcome) => {
      if (outcome.kind !== 'refused') return outcome.kind !== 'conflict';
      const reason = describeServerError(outcome.error);
      throw new TiplineError('OUTBOX_REFUSED', `Elasticsearch refuses an entry of the outbox: ${reason}`, {
        retryable: false,
      });
    });
  }

  /** Sees everything saved before: the sender must not sleep over a row because a search was a second behind. */
  async function search<T>(
    filter: estypes.QueryDslQueryContainer[],
    request: Omit<estypes.SearchRequest, 'index' | 'query'>,
  ): Promise<{ found: Versioned<T>[]; total: number }> {
    const { hits } = await client.search<Entry<T>>({
      index,
      query: { bool: { filter } },
      seq_no_primary_term: true,
      ...request,
    });
    const total = typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0);
    const found = hits.hits.flatMap((hit) => (hit._source === undefined ? [] : [versioned(hit._source.body, hit)]));
    return { found, total };
  }

  return {
    read: (ids, patience) => read<OutboxRow>('row', ids, patience),

    save: (rows, patience) =>
      save(
        rows.map(({ value, version }) => {
          const score = value.alert.threat_score;
          const entry = { kind: 'row', key: value.id, state: value.state, score, body: value };
          return compareAndSet(index, `row/${value.id}`, version, entry);
        }),
        patience,
      ),

    async pending(limit) {
      await client.indices.refresh({ index });
      const { found, total } = await search<OutboxRow>([isRow, isPending], {
        sort: [{ score: 'desc' }, { key: 'asc' }],
        size: Math.min(limit, MOST_ROWS),
        track_total_hits: true,
      });
      return { rows: found, total };
    },

    async readMail(id) {
      const found = await read<OutboxMail>('mail', [id]);
      return found.get(id);
    },

    async saveMail({ value, version }) {
      const entry = {
        kind: 'mail',
        key: value.id,
        sent: value.sentAt !== 0,
        created_at: value.createdAt,
        body: value,
      };
      const [saved] = await save([compareAndSet(index, `mail/${value.id}`, version, entry)]);
      return saved === true;
    },

    async unsent() {
      await client.indices.refresh({ index });
      const mails: Versioned<OutboxMail>[] = [];
      for (;;) {
        const { found } = await search<OutboxMail>([isMail, isUnsent], {
          sort: [{ created_at: 'asc' }, { key: 'asc' }],
          from: mails.length,
          size: MAILS_A_PAGE,
          track_total_hits: false,
        });
        mails.push(...found);
        if (found.length < MAILS_A_PAGE) return mails;
      }
    },

    async counts() {
      await client.indices.refresh({ index });
      const count = async (...filter: estypes.QueryDslQueryContainer[]): Promise<number> =>
        (await client.count({ index, query: { bool: { filter } } })).count;
      const [rows, pending, mails, unsent] = await Promise.all([
        count(isRow),
        count(isRow, isPending),
        count(isMail),
        count(isMail, isUnsent),
      ]);
      return { rows, pending, mails, unsent };
    },
  };
}

import type { Client } from '@elastic/elasticsearch';
import type { BatchPatience } from '../../bus/port.ts';
import { isFields } from '../../core/contract/fields.ts';
import { classifyRequest, explain } from './bulk-outcome.ts';
import { ElasticsearchError, readServerError } from './error.ts';
import type { Outages } from './outages.ts';
import { once, persist, type Trouble, WAITS, type Waits } from './persist.ts';

export interface DocumentsContext {
  client: Client;
  outages: Outages;
  waits?: Waits;
}

/** A document as mget brings it. `_source` is as we wrote it, unless somebody else writes into our indices. */
export interface FoundDocument<Source> {
  _id: string;
  _version?: number;
  _seq_no?: number;
  _primary_term?: number;
  _source: Source;
}

/** Two requests a usual batch; states can be large, and each answer is in memory whole. */
const IDS_A_REQUEST = 500;
const IN_FLIGHT = 2;

/**
 * Documents by id, in as many requests as it takes; what does not exist is absent. mget reads what was written a moment
 * ago, refreshed or not. Documents come whole: a server that must pick fields out of them (`_source_includes`,
 * `filter_path`) takes apart and puts together each, which measured at nine times the server's CPU, and saves little
 * here.
 *
 * A document is missing only where the server says `found: false`. Items of a closed or unassigned index come inside a
 * 200 with an `error` and no `found`; taken for missing, every indicator would begin anew at revision 1.
 */
export async function readDocuments<Source>(
  { client, outages, waits = WAITS }: DocumentsContext,
  index: string,
  ids: readonly string[],
  patience?: BatchPatience,
): Promise<Map<string, FoundDocument<Source>>> {
  const found = new Map<string, FoundDocument<Source>>();
  let pending = [...new Set(ids)];

  async function request(part: readonly string[], again: string[], signal: AbortSignal): Promise<Trouble | undefined> {
    try {
      const reply = await client.transport.request<unknown>(
        {
          method: 'POST',
          path: `/${encodeURIComponent(index)}/_mget`,
          body: { ids: part },
        },
        { signal },
      );
      return readReply(reply, part, again);
    } catch (error) {
      if (!(error instanceof ElasticsearchError) || error.code === 'STORE_ABORTED') throw error;
      const answer = classifyRequest(error);
      if (answer.kind === 'split') throw error;
      again.push(...part);
      const kind = answer.kind === 'busy' ? 'busy' : 'down';
      return { kind, code: answer.code, detail: explain(answer, index), progress: false };
    }
  }

  /** Takes what was found; puts into `again` what was not answered. */
  function readReply(reply: unknown, part: readonly string[], again: string[]): Trouble | undefined {
    const docs = isFields(reply) ? reply.docs : undefined;
    if (!Array.isArray(docs) || docs.length !== part.length) {
      again.push(...part);
      const detail = 'Elasticsearch, or a proxy before it, answers something that is not the documents asked for';
      return { kind: 'down', code: 'STORE_UNREACHABLE', detail, progress: false };
    }
    let trouble: Trouble | undefined;
    for (const [at, id] of part.entries()) {
      const doc: unknown = docs[at];
      if (isFound<Source>(doc, id)) {
        found.set(id, doc);
      } else if (!isFields(doc) || doc._id !== id || doc.found !== false) {
        again.push(id);
        trouble ??= troubleOf(isFields(doc) ? doc.error : undefined, index);
      }
    }
    return trouble;
  }

  async function round(signal: AbortSignal): Promise<Trouble | undefined> {
    const parts: string[][] = [];
    for (let at = 0; at < pending.length; at += IDS_A_REQUEST) parts.push(pending.slice(at, at + IDS_A_REQUEST));
    const again: string[] = [];
    const troubles: Trouble[] = [];
    const runner = async (): Promise<void> => {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
        const trouble = await request(part, again, signal);
        if (trouble !== undefined) troubles.push(trouble);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, runner));
    const worst = troubles.find((trouble) => trouble.kind === 'down') ?? troubles[0];
    const progress = again.length < pending.length;
    pending = again;
    return worst === undefined ? undefined : { ...worst, progress };
  }

  if (pending.length === 0) return found;
  if (patience === undefined) await once(round);
  else await persist(round, patience, outages, waits);
  return found;
}

function isFound<Source>(doc: unknown, id: string): doc is FoundDocument<Source> {
  return isFields(doc) && doc.found === true && doc._id === id && isFields(doc._source);
}

/**
 * An item's error comes without a status: what an operator must mend is told by its type, all else (a shard without a
 * node) passes.
 */
function troubleOf(error: unknown, index: string): Trouble {
  const read = readServerError(error) ?? { type: 'no_answer', reason: 'neither found nor missing' };
  const missing = read.type === 'index_not_found_exception';
  if (missing || /index_closed|cluster_block|security/.test(read.type)) {
    const code = missing ? 'STORE_NOT_SET_UP' : 'STORE_BLOCKED';
    const detail = explain({ kind: 'paused', code, status: missing ? 404 : 400, error: read }, index);
    return { kind: 'down', code, detail, progress: false };
  }
  const detail = explain({ kind: 'busy', code: 'STORE_BUSY', status: 503, error: read }, index);
  return { kind: 'busy', code: 'STORE_BUSY', detail, progress: false };
}

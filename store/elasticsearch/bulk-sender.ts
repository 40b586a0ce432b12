import type { Client } from '@elastic/elasticsearch';
import { isFields } from '../../core/contract/fields.ts';
import { type BulkBody, createBulkBody } from './bulk-body.ts';
import { classifyItem, classifyRequest, type Unhappy, type Verdict } from './bulk-outcome.ts';
import { ElasticsearchError, readServerError } from './error.ts';
import { createGate } from './gate.ts';

/** A document of a bulk: `action` is the line before it. */
export interface BulkDocument {
  action: string;
  /** JSON on one line. */
  document: string | Buffer;
}

/** Two of these are a usual call, so that the server works on one while the next is on its way. */
const REQUEST_BYTES = 2 * 1024 * 1024;
/** A larger document goes alone, and one that is refused alone with 413 is too large. */
const LEAST_BYTES = 64 * 1024;
const IN_FLIGHT_CALL = 2;
const IN_FLIGHT_PROCESS = 4;
/** Larger Buffers are left to the garbage collector. */
const KEPT_BYTES = 16 * 1024 * 1024;
/** Malformed requests of a round that are halved before any is served; beyond, the fault is not in single documents. */
const SPLITS = 64;

/**
 * Statuses keep their positions, and errors are there only for what failed: 26 KB a thousand documents instead of 226.
 * A smaller reply (`took,errors`) would need the whole bulk once more to learn what failed, and then what the first one
 * did cannot be told from what was there.
 */
const FILTER_PATH =
  'items.*.status,items.*.error.type,items.*.error.reason,items.*.error.index,items.*.error.caused_by';

const SPLIT_IN_VAIN: Verdict = {
  kind: 'paused',
  code: 'STORE_FAILED',
  status: 400,
  error: { type: 'malformed_request', reason: 'whole bulk requests are refused' },
};

const NOT_A_REPLY: Verdict = {
  kind: 'paused',
  code: 'STORE_UNREACHABLE',
  status: 0,
  error: { type: 'bad_reply', reason: 'the answer is not that of a bulk; is a proxy in between?' },
};

/**
 * Sends documents once, in requests of a size that the server takes. One verdict a document, in order. Throws only STORE_ABORTED and what is not from
 * the server.
 */
export type BulkSender = (documents: readonly BulkDocument[], signal: AbortSignal) => Promise<Verdict[]>;

export function createBulkSender(client: Client, startBytes = REQUEST_BYTES): BulkSender {
  const gate = createGate(IN_FLIGHT_PROCESS);
  const bodies: BulkBody[] = [];
  let requestBytes = startBytes;

  return async (documents, signal) => {
    const verdicts = new Array<Verdict>(documents.length);
    const work: Slice[] = cut(documents, requestBytes);
    let splits = 0;
    /** A request of this round was answered item by item. */
    let served = false;
    /** Refused alone as malformed, which means nothing if all are. */
    const suspects: number[] = [];
    /** The server is away or forbids: it need not be asked again in this round. */
    let away: Unhappy | undefined;

    async function sendSlice({ from, to, again }: Slice): Promise<void> {
      if (away !== undefined) {
        verdicts.fill(away, from, to);
        return;
      }
      const failure = await request(from, to);
      if (failure === undefined) return;
      const answer = classifyRequest(failure);
      if (answer.kind !== 'split') {
        verdicts.fill(answer, from, to);
        if (answer.kind === 'paused') away = answer;
        return;
      }
      if (!answer.tooLarge && !served && splits >= SPLITS) {
        verdicts.fill(SPLIT_IN_VAIN, from, to);
        for (const suspect of suspects) verdicts[suspect] = SPLIT_IN_VAIN;
        return;
      }
      if (to - from === 1) {
        if (!answer.tooLarge && !again) {
          // Once more when all else is sent: what is malformed stays so, what was a bad moment of the server's has
          // passed.
          work.push({ from, to, again: true });
          return;
        }
        verdicts[from] = refusedAlone(failure, answer.tooLarge);
        if (!answer.tooLarge) suspects.push(from);
        return;
      }
      if (!answer.tooLarge) splits += 1;
      const middle = from + Math.ceil((to - from) / 2);
      // At the front and in order: what was refused for its size is sent before more of that size.
      work.unshift({ from, to: middle }, { from: middle, to });
    }

    /** The error of the request as a whole; undefined when each document has its verdict. */
    async function request(from: number, to: number): Promise<ElasticsearchError | undefined> {
      await gate.enter();
      const body = bodies.pop() ?? createBulkBody();
      let outcome: 'calm' | 'busy' = 'calm';
      try {
        body.clear();
        for (const { action, document } of documents.slice(from, to)) body.add(action, document);
        const bytes = body.bytes();
        const reply = await client.transport.request<unknown>(
          { method: 'POST', path: '/_bulk', querystring: { filter_path: FILTER_PATH }, bulkBody: bytes },
          { signal },
        );
        const busy = readReply(reply, verdicts, from, to);
        if (busy) outcome = 'busy';
        served = true;
        // Only now is the Buffer surely off the socket: an early refusal leaves it half sent.
        if (body.capacity <= KEPT_BYTES && bodies.length < IN_FLIGHT_PROCESS) bodies.push(body);
        return undefined;
      } catch (error) {
        if (!(error instanceof ElasticsearchError) || error.code === 'STORE_ABORTED') throw error;
        if (error.status === 413) requestBytes = Math.max(LEAST_BYTES, Math.min(requestBytes, body.bytes().length / 2));
        if (error.status === 429 || error.status >= 500) outcome = 'busy';
        return error;
      } finally {
        gate.leave(outcome);
      }
    }

    async function runner(): Promise<void> {
      for (let slice = work.shift(); slice !== undefined; slice = work.shift()) await sendSlice(slice);
    }

    await Promise.all(Array.from({ length: IN_FLIGHT_CALL }, runner));
    return verdicts;
  };
}

interface Slice {
  from: number;
  to: number;
  /** A single document that was refused as malformed before. */
  again?: true;
}

/**
 * Ranges of documents that make requests of about `most` bytes; a larger document is alone. Strings count by their length,
 * which is their bytes in all but foreign scripts; to know better would be to read each once more.
 */
function cut(documents: readonly BulkDocument[], most: number): Slice[] {
  const slices: Slice[] = [];
  let from = 0;
  let bytes = 0;
  for (const [at, { action, document }] of documents.entries()) {
    const size = action.length + document.length + 2;
    if (at > from && bytes + size > most) {
      slices.push({ from, to: at });
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  slices.push({ from, to: documents.length });
  return slices;
}

/** Fills in the verdicts of a request and tells whether the server was short of breath for any. */
function readReply(reply: unknown, verdicts: Verdict[], from: number, to: number): boolean {
  const items = isFields(reply) ? reply.items : undefined;
  if (!Array.isArray(items) || items.length !== to - from) {
    verdicts.fill(NOT_A_REPLY, from, to);
    return false;
  }
  let busy = false;
  for (let at = from; at < to; at += 1) {
    const item: unknown = items[at - from];
    const answer = isFields(item) ? (item.create ?? item.index) : undefined;
    if (!isFields(answer) || typeof answer.status !== 'number') {
      verdicts[at] = NOT_A_REPLY;
      continue;
    }
    const verdict = classifyItem(answer.status, readServerError(answer.error));
    if (verdict.kind === 'busy') busy = true;
    verdicts[at] = verdict;
  }
  return busy;
}

function refusedAlone(failure: ElasticsearchError, tooLarge: boolean): Unhappy {
  return {
    kind: 'refused',
    code: tooLarge ? 'DOCUMENT_TOO_LARGE' : 'DOCUMENT_REFUSED',
    status: failure.status,
    error: tooLarge ? { type: 'too_large', reason: 'the document is larger than the server takes' } : failure.server,
  };
}

import type { Client } from '@elastic/elasticsearch';
import type { BatchPatience } from '../../bus/port.ts';
import { isFields } from '../../core/contract/fields.ts';
import { type BulkBody, createBulkBody, isOneLine } from './bulk-body.ts';
import { judge, type Settled } from './bulk-judgement.ts';
import { classifyItem, classifyRequest, explain, strangerVerdict, type Unhappy, type Verdict } from './bulk-outcome.ts';
import type { Detour, Detours } from './detours.ts';
import { ElasticsearchError, readServerError } from './error.ts';
import { createGate } from './gate.ts';
import type { Outages } from './outages.ts';
import type { Ownership } from './ownership.ts';
import { once, persist, type Trouble, WAITS, type Waits } from './persist.ts';

/** Where a document goes and how: `action` is the line before it in a bulk. */
export interface Route {
  index: string;
  action: string;
}

export interface BulkOperation extends Route {
  /** JSON on one line. */
  document: string | Buffer;
  /** Taken once when `index` is closed or write-blocked. With an id it is not filed on both. */
  detour?: (Route & { id?: string }) | undefined;
}

export interface BulkWriter {
  /**
   * One outcome a document, in order. With patience it waits for whatever can be mended; without, the first round that
   * gets nothing through throws a retryable TiplineError. Every action must be one that does no harm when it is
   * repeated.
   */
  write(operations: readonly BulkOperation[], patience?: BatchPatience): Promise<Settled[]>;
}

export interface BulkWriterContext {
  client: Client;
  outages: Outages;
  waits?: Waits;
  /** Keeps documents out of the indices of others. */
  ownership?: Ownership;
  /** Keeps documents that went another way from being filed twice. */
  detours?: Detours;
  /** Bytes of a request; the writer goes below by itself when a 413 comes. */
  requestBytes?: number;
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

const NOT_ONE_LINE: Settled = {
  kind: 'refused',
  code: 'DOCUMENT_REFUSED',
  status: 400,
  error: { type: 'line_break', reason: 'the document holds a line break' },
};

export function createBulkWriter(context: BulkWriterContext): BulkWriter {
  const { client, outages, ownership, detours, waits = WAITS } = context;
  const gate = createGate(IN_FLIGHT_PROCESS);
  const bodies: BulkBody[] = [];
  let requestBytes = context.requestBytes ?? REQUEST_BYTES;

  async function write(operations: readonly BulkOperation[], patience?: BatchPatience): Promise<Settled[]> {
    if (operations.length === 0) return [];
    const settled = new Array<Settled | undefined>(operations.length);
    const detoured = new Set<number>();
    let pending: number[] = [];
    for (const [position, { document }] of operations.entries()) {
      if (isOneLine(document)) pending.push(position);
      else settled[position] = NOT_ONE_LINE;
    }

    const routeOf = (position: number): Route => {
      const operation = operationAt(operations, position);
      return detoured.has(position) && operation.detour !== undefined ? operation.detour : operation;
    };

    const detourOf = (position: number): Detour[] => {
      const { index, detour } = operationAt(operations, position);
      return detour?.id === undefined ? [] : [{ from: index, to: detour.index, id: detour.id }];
    };

    /** Settles what stands on another day already. */
    async function settleTaken(): Promise<void> {
      if (detours === undefined) return;
      const asked = pending.filter((position) => detourOf(position).length > 0);
      if (asked.length === 0) return;
      const taken = await detours.taken(asked.flatMap(detourOf));
      for (const place of taken) settled[asked[place] ?? 0] = { kind: 'conflict' };
      if (taken.size > 0) pending = pending.filter((position) => settled[position] === undefined);
    }

    let begun = false;
    async function round(signal: AbortSignal): Promise<Trouble | undefined> {
      try {
        if (!begun) await settleTaken();
        begun = true;
      } catch (error) {
        return troubleOf(error);
      }
      if (pending.length === 0) return undefined;
      const verdicts = await sendToOurs(operations, pending, routeOf, signal);
      const judgement = judge({
        total: operations.length,
        positions: pending,
        verdicts,
        indexOf: (position) => routeOf(position).index,
        canDetour: (position) => !detoured.has(position) && operations[position]?.detour !== undefined,
      });
      for (const [position, outcome] of judgement.settled) settled[position] = outcome;
      pending = judgement.again;
      try {
        await detours?.note(judgement.detour.flatMap(detourOf));
      } catch (error) {
        return troubleOf(error);
      }
      for (const position of judgement.detour) detoured.add(position);
      return judgement.trouble;
    }

    if (pending.length === 0) return settled.map(found);
    if (patience === undefined) await once(round);
    else await persist(round, patience, outages, waits);
    return settled.map(found);
  }

  /** The same for what may be sent: what would go into an index of others is judged without being sent. */
  async function sendToOurs(
    operations: readonly BulkOperation[],
    positions: readonly number[],
    routeOf: (position: number) => Route,
    signal: AbortSignal,
  ): Promise<Verdict[]> {
    if (ownership === undefined) return send(operations, positions, routeOf, signal);
    const strangers = await ownership.strangersAmong(new Set(positions.map((position) => routeOf(position).index)));
    const ours = strangers.size === 0 ? positions : positions.filter((each) => !strangers.has(routeOf(each).index));
    const sent = ours.length === 0 ? [] : await send(operations, ours, routeOf, signal);
    let next = 0;
    return positions.map((position) => {
      const { index } = routeOf(position);
      const stranger = strangers.get(index);
      if (stranger !== undefined) return strangerVerdict(index, stranger);
      const verdict = found(sent[next]);
      next += 1;
      // the server knows better than our last look
      if (verdict.kind === 'blocked') ownership.forget(index);
      return verdict;
    });
  }

  /** One verdict a position, in order. Throws only STORE_ABORTED and what is not from the server. */
  async function send(
    operations: readonly BulkOperation[],
    positions: readonly number[],
    routeOf: (position: number) => Route,
    signal: AbortSignal,
  ): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(positions.length);
    const work: Slice[] = cut(operations, positions, requestBytes);
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
        for (let at = from; at < to; at += 1) {
          const position = positions[at] ?? 0;
          body.add(routeOf(position).action, operationAt(operations, position).document);
        }
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
  }

  return { write };
}

/** What a question beside the bulk failed with, as the bulk itself would have. */
function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ElasticsearchError) || error.code === 'STORE_ABORTED') throw error;
  const answer = classifyRequest(error);
  if (answer.kind === 'split') throw error;
  const kind = answer.kind === 'busy' ? 'busy' : 'down';
  return { kind, code: answer.code, detail: explain(answer, 'history'), progress: false };
}

interface Slice {
  from: number;
  to: number;
  /** A single document that was refused as malformed before. */
  again?: true;
}

/**
 * Ranges of `positions` that make requests of about `most` bytes; a larger document is alone. Strings count by their length,
 * which is their bytes in all but foreign scripts; to know better would be to read each once more.
 */
function cut(operations: readonly BulkOperation[], positions: readonly number[], most: number): Slice[] {
  const slices: Slice[] = [];
  let from = 0;
  let bytes = 0;
  for (const [at, position] of positions.entries()) {
    const { action, document } = operationAt(operations, position);
    const size = action.length + document.length + 2;
    if (at > from && bytes + size > most) {
      slices.push({ from, to: at });
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  slices.push({ from, to: positions.length });
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

function found<T>(outcome: T | undefined): T {
  if (outcome === undefined) throw new RangeError('a document was forgotten');
  return outcome;
}

function operationAt(operations: readonly BulkOperation[], position: number): BulkOperation {
  const operation = operations[position];
  if (operation === undefined) throw new RangeError(`no document at ${position}`);
  return operation;
}

import type { Client } from '@elastic/elasticsearch';
import type { BatchPatience } from '../../bus/port.ts';
import { isOneLine } from './bulk-body.ts';
import { judge, type Settled } from './bulk-judgement.ts';
import { classifyRequest, explain, strangerVerdict, type Verdict } from './bulk-outcome.ts';
import { type BulkDocument, createBulkSender } from './bulk-sender.ts';
import type { Detour, Detours } from './detours.ts';
import { ElasticsearchError } from './error.ts';
import type { Outages } from './outages.ts';
import type { Ownership } from './ownership.ts';
import { once, persist, type Trouble, WAITS, type Waits } from './persist.ts';

/** Where a document goes and how: `action` is the line before it in a bulk. */
export interface Route {
  index: string;
  action: string;
}

export interface BulkOperation extends Route, BulkDocument {
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

const NOT_ONE_LINE: Settled = {
  kind: 'refused',
  code: 'DOCUMENT_REFUSED',
  status: 400,
  error: { type: 'line_break', reason: 'the document holds a line break' },
};

export function createBulkWriter(context: BulkWriterContext): BulkWriter {
  const { client, outages, ownership, detours, waits = WAITS } = context;
  const send = createBulkSender(client, context.requestBytes);

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
    const bulkOf = (those: readonly number[]): BulkDocument[] =>
      those.map((each) => ({ action: routeOf(each).action, document: operationAt(operations, each).document }));
    if (ownership === undefined) return send(bulkOf(positions), signal);
    const strangers = await ownership.strangersAmong(new Set(positions.map((position) => routeOf(position).index)));
    const ours = strangers.size === 0 ? positions : positions.filter((each) => !strangers.has(routeOf(each).index));
    const sent = ours.length === 0 ? [] : await send(bulkOf(ours), signal);
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

function found<T>(outcome: T | undefined): T {
  if (outcome === undefined) throw new RangeError('a document was forgotten');
  return outcome;
}

function operationAt(operations: readonly BulkOperation[], position: number): BulkOperation {
  const operation = operations[position];
  if (operation === undefined) throw new RangeError(`no document at ${position}`);
  return operation;
}

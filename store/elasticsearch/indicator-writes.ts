import type { BatchPatience } from '../../bus/port.ts';
import type { HistoryWrite, IndicatorWrite, WriteOutcome } from '../port.ts';
import type { Settled } from './bulk-judgement.ts';
import type { Refused } from './bulk-outcome.ts';
import type { BulkOperation, BulkWriter, Route } from './bulk-writer.ts';
import { describeServerError } from './error.ts';
import type { Names } from './names.ts';
import { NO_GUESSING } from './ownership.ts';

/** A field of every history document. */
const HISTORY_MARK = 'tipline';

export interface IndicatorWritesContext {
  writer: BulkWriter;
  names: Names;
}

/**
 * History and current of a batch in one go. History is `create`: a statement that is there already is done. Current is
 * `index` with the revision as external version: the server itself refuses what is not newer, with no read before.
 * `create` with an external version would fail the whole request.
 */
export async function writeIndicators(
  { writer, names }: IndicatorWritesContext,
  writes: readonly IndicatorWrite[],
  patience: BatchPatience,
): Promise<WriteOutcome[]> {
  const operations: BulkOperation[] = [];
  for (const write of writes) {
    for (const item of write.history) operations.push(historyOperation(names, item));
    if (write.current !== null) operations.push(currentOperation(names, write.id, write.revision, write.current));
  }
  const settled = await writer.write(operations, patience);

  let at = 0;
  return writes.map((write) => {
    const history = settled.slice(at, at + write.history.length);
    at += write.history.length;
    const current = write.current === null ? undefined : settled[at];
    if (write.current !== null) at += 1;
    return outcomeOf(history, current);
  });
}

/**
 * A conflict goes first: it may be our own write whose reply got lost, and who merges again writes the history again, to be
 * refused then.
 */
function outcomeOf(history: readonly Settled[], current: Settled | undefined): WriteOutcome {
  if (current?.kind === 'conflict') return { kind: 'lost' };
  const refused = [current, ...history].find((outcome): outcome is Refused => outcome?.kind === 'refused');
  if (refused !== undefined) {
    const currentWritten = refused !== current;
    return { kind: 'rejected', code: refused.code, message: describeServerError(refused.error), currentWritten };
  }
  return { kind: 'written', historyCreated: history.filter((outcome) => outcome.kind === 'created').length };
}

function historyOperation(names: Names, item: HistoryWrite): BulkOperation {
  const route = createRoute(names.historyDay(item.day), item.id, HISTORY_MARK);
  // Only an older day is closed or made read-only on purpose; if the fallback day is, everything waits.
  const detour =
    item.day < item.fallbackDay
      ? { ...createRoute(names.historyDay(item.fallbackDay), item.id, HISTORY_MARK), id: item.id }
      : undefined;
  return { ...route, document: item.document, detour };
}

/** A document that is never written over. `mark` is a field that every index of ours has, and that no other may guess. */
export function createRoute(index: string, id: string, mark?: string): Route {
  const guard = mark === undefined ? '' : `,"dynamic_templates":{${JSON.stringify(mark)}:"${NO_GUESSING}"}`;
  const action = `{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}${guard}}}`;
  return { index, action };
}

/** `require_alias`: without it a cluster that was never set up would make an index of that name, with guessed types. */
function currentOperation(names: Names, id: string, revision: number, document: string | Buffer): BulkOperation {
  const action =
    `{"index":{"_index":${JSON.stringify(names.current)},"_id":${JSON.stringify(id)},` +
    `"version":${revision},"version_type":"external","require_alias":true}}`;
  return { index: names.current, action, document };
}

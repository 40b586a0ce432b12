import type { Client } from '@elastic/elasticsearch';
import type { IndicatorStore } from '../port.ts';
import type { Names } from './names.ts';
import { ownerOf } from './ownership.ts';

export interface RetentionContext {
  client: Client;
  names: Names;
}

const DAY = 86_400_000;
/** Fewer than the server deletes within the shortest sensible request timeout. */
const STATES_A_REQUEST = 5000;

type Limits = Parameters<IndicatorStore['prune']>[0];

/** Deletes whole days by their exact names, and states that ended long ago. Returns what went. */
export async function prune(
  context: RetentionContext,
  limits: Limits,
): Promise<{ historyDays: number; states: number }> {
  const { names } = context;
  let historyDays = 0;
  for (const pattern of names.historyPatterns) historyDays += await deleteDays(context, pattern, limits.historyBefore);
  await deleteDays(context, names.journalPattern('actions'), limits.actionsBefore);
  await deleteDays(context, names.journalPattern('deadletters'), limits.deadLettersBefore);
  return { historyDays, states: await deleteStates(context, limits.expiredBefore) };
}

/** Days of ours alone: others may have made indices of the same names. A closed day goes as well. A day ends before `before`, or it stays. */
async function deleteDays({ client, names }: RetentionContext, pattern: string, before: number): Promise<number> {
  const { indices } = await client.indices.resolveIndex({ name: pattern, expand_wildcards: ['open', 'closed'] });
  let deleted = 0;
  for (const { name } of indices) {
    const day = names.dayOf(pattern, name);
    if (day === undefined || Date.parse(day) + DAY > before) continue;
    if ((await ownerOf(client, name)) !== 'ours') continue;
    // One at a time by name: clusters that refuse wildcards in deletions take it, and no other index can be hit.
    await client.indices.delete({ index: name, ignore_unavailable: true });
    deleted += 1;
  }
  return deleted;
}

/** What still counts is never deleted, however old its date: the sweep has not come to it yet. */
async function deleteStates({ client, names }: RetentionContext, before: number): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { deleted: some = 0 } = await client.deleteByQuery({
      index: names.current,
      query: {
        bool: {
          filter: [{ range: { 'tipline.expires_at': { lt: before, format: 'epoch_millis' } } }],
          must_not: [{ term: { 'tipline.status': 'active' } }],
        },
      },
      max_docs: STATES_A_REQUEST,
      // Somebody is writing it at this moment, so it is not old any more.
      conflicts: 'proceed',
      refresh: true,
    });
    deleted += some;
    if (some < STATES_A_REQUEST) return deleted;
  }
}

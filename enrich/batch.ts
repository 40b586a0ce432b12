import type { Batch, Bus, Outgoing } from '../bus/port.ts';
import { deadLetterRecord } from '../core/contract/dead-letter.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { messageOf, TiplineError } from '../core/process/errors.ts';
import type { Seam } from '../core/process/seam.ts';
import type { IndicatorStore, IndicatorWrite, WriteOutcome } from '../store/port.ts';
import { type Group, readBatch } from './group.ts';
import { type Plan, type Planner, plan } from './plan.ts';
import type { Settled } from './state/settled.ts';
import { type DeadLetterOutcome, deadLetter } from './steps/outcome.ts';
import { bandOf, emptyTally, type Tally } from './tally.ts';

export interface BatchOptions {
  store: IndicatorStore;
  bus: Bus;
  settled: Settled;
  /** The policy, lists and databases as they are now. */
  planner(): Planner;
  now(): number;
  seam: Seam;
}

type WritePlan = Extract<Plan, { kind: 'write' }>;

/** Races with other enrichers are rare and end by themselves; this many in a row means that something else is wrong. */
const MOST_ROUNDS = 50;

/**
 * Takes one batch of `ioc.raw` all the way:
 *
 *   read -> states -> plan -> write -> (lost races: states -> plan -> write) -> publish -> [the caller commits]
 *
 * The order is the promise: what is on `ioc.enriched` is in the store, and what is committed is on `ioc.enriched`. A crash anywhere
 * reads the batch again, and plan() finds out what is left to do.
 */
export async function enrichBatch(
  batch: Batch,
  { store, bus, settled, planner: currentPlanner, now: clock, seam }: BatchOptions,
): Promise<Tally> {
  const now = clock();
  const planner = currentPlanner();
  const tally = emptyTally();
  const read = readBatch(batch, ({ indicator, claim }) =>
    settled.knows(indicator, claim, planner.quantumOf(indicator.type)),
  );
  tally.read = batch.records.length;
  tally.unchanged = read.unchanged;

  const letters: Outgoing[] = [];
  const setAside = (group: Group, outcome: DeadLetterOutcome): void => {
    for (const { record, report } of group.items) {
      // a recheck holds nothing that could be repaired
      if (report !== undefined) letters.push(deadLetterRecord(record, batch, outcome, now));
    }
  };
  for (const { record, outcome } of read.refused) letters.push(deadLetterRecord(record, batch, outcome, now));

  const done: Plan[] = [];
  let open = [...read.groups.values()];
  for (let round = 0; open.length > 0; round += 1) {
    if (round === MOST_ROUNDS) {
      throw new TiplineError(
        'ENRICH_RACE',
        `${open.length} indicators changed under our hands ${MOST_ROUNDS} times in a row`,
      );
    }
    const states = await store.readStates(
      open.map((group) => group.id),
      batch,
    );
    seam('after-mget');
    const plans: WritePlan[] = [];
    for (const group of open) {
      const planned = planSafely(group, () => plan(group, states.get(group.id), planner, now));
      if (planned.kind === 'dead-letter') setAside(group, planned);
      else if (planned.kind === 'nothing') {
        tally.unchanged += group.items.length;
        done.push(planned);
      } else plans.push(planned);
    }
    open = await writeAll(plans, { store, batch, tally, setAside, done, seam });
    tally.lost += open.length;
  }

  await publishAll(bus, done, letters);
  seam('after-publish');
  tally.deadLetters = letters.length;
  for (const { settled: known } of done) {
    if (known === undefined) continue;
    for (const claim of known.claims) settled.remember(known.indicator, claim, known.firstSeen);
  }
  seam('before-commit');
  return tally;
}

function planSafely(group: Group, make: () => Plan): Plan | DeadLetterOutcome {
  try {
    return make();
  } catch (error) {
    return deadLetter('plan', 'STEP_FAILED', `${group.id}: ${messageOf(error)}`);
  }
}

interface Writing {
  store: IndicatorStore;
  batch: Batch;
  tally: Tally;
  setAside(group: Group, outcome: DeadLetterOutcome): void;
  done: Plan[];
  seam: Seam;
}

/** Writes the plans; returns the groups whose race was lost. */
async function writeAll(
  plans: readonly WritePlan[],
  { store, batch, tally, setAside, done, seam }: Writing,
): Promise<Group[]> {
  const early = plans.flatMap((each) => (each.early === undefined ? [] : [each.early]));
  if (early.length > 0) {
    for (const outcome of await store.write(early, batch))
      if (outcome.kind === 'written') tally.history += outcome.historyCreated;
  }
  const writes = plans.filter((each) => hasContent(each.write));
  const pendingOutcomes =
    writes.length === 0
      ? []
      : store.write(
          writes.map((each) => each.write),
          batch,
        );
  seam('mid-bulk');
  const outcomes = new Map<Plan, WriteOutcome>();
  for (const [index, outcome] of (await pendingOutcomes).entries()) {
    const planned = writes[index];
    if (planned !== undefined) outcomes.set(planned, outcome);
  }
  seam('after-bulk');

  const lost: Group[] = [];
  for (const each of plans) {
    const outcome = outcomes.get(each) ?? { kind: 'written', historyCreated: 0 };
    switch (outcome.kind) {
      case 'written':
        done.push(each);
        tally.history += outcome.historyCreated;
        if (each.write.current !== null) {
          tally.current += 1;
          tally.byType[each.type] = (tally.byType[each.type] ?? 0) + 1;
          const band = bandOf(each.score);
          tally.byScore[band] = (tally.byScore[band] ?? 0) + 1;
        }
        tally.byAction[each.action] = (tally.byAction[each.action] ?? 0) + 1;
        break;
      case 'lost':
        lost.push(each.group);
        break;
      case 'rejected':
        setAside(each.group, deadLetter('store', outcome.code, outcome.message));
        break;
      default: {
        const never: never = outcome;
        return never;
      }
    }
  }
  return lost;
}

function hasContent(write: IndicatorWrite): boolean {
  return write.current !== null || write.history.length > 0;
}

async function publishAll(bus: Bus, done: readonly Plan[], letters: readonly Outgoing[]): Promise<void> {
  const changes: Outgoing[] = [];
  for (const each of done) if (each.kind === 'write') changes.push({ key: each.group.id, value: each.current });
  if (changes.length > 0) await bus.publish(TOPICS.enriched, changes);
  if (letters.length > 0) await bus.publish(TOPICS.deadLetters, letters);
}

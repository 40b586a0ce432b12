import type { Batch, Bus, Outgoing } from '../bus/port.ts';
import { deadLetterRecord } from '../core/contract/dead-letter.ts';
import { originOf, TOPICS } from '../core/contract/topics.ts';
import { messageOf, TiplineError } from '../core/process/errors.ts';
import type { Log } from '../core/process/log.ts';
import type { Seam } from '../core/process/seam.ts';
import type { IndicatorStore, IndicatorWrite, WriteOutcome } from '../store/port.ts';
import { type Group, type Item, readBatch } from './group.ts';
import { type Plan, plan } from './plan.ts';
import type { PlannedWrite } from './planned-write.ts';
import type { Planner } from './planner.ts';
import type { Sheets } from './sheet.ts';
import type { Claim } from './state/claim.ts';
import type { Settled } from './state/settled.ts';
import { type DeadLetterOutcome, deadLetter } from './steps/outcome.ts';
import { bandOf, emptyTally, type Tally } from './tally.ts';

export interface BatchOptions {
  store: IndicatorStore;
  bus: Bus;
  settled: Settled;
  sheets: Sheets;
  /** The policy, lists and databases as they are now. */
  planner(): Planner;
  now(): number;
  headersSince: number;
  seam: Seam;
  log: Log;
}

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
  { store, bus, settled, sheets, planner: currentPlanner, now: clock, headersSince, seam, log }: BatchOptions,
): Promise<Tally> {
  const now = clock();
  const planner = currentPlanner();
  const sheet = sheets.take();
  const tally = emptyTally();
  const window = { earliest: now - planner.historyRetention, latest: now, headersSince };
  const read = readBatch(batch, window, ({ indicator, claim }) =>
    settled.knows(indicator, claim, planner.quantumOf(indicator.type)),
  );
  tally.read = batch.records.length;
  tally.unchanged = read.unchanged;

  const letters: Outgoing[] = [];
  const setAside: SetAside = (items, outcome) => {
    for (const { record, report } of items) {
      if (report !== undefined) letters.push(deadLetterRecord(record, batch, outcome, now));
      // a recheck holds nothing that could be repaired
      else
        log.error({ id: record.key, code: outcome.code }, `an indicator cannot be derived again: ${outcome.message}`);
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
    const plans: PlannedWrite[] = [];
    for (const group of open) {
      const planned = planSafely(group, () => plan(group, states.get(group.id), planner, sheet, now));
      if (planned.kind === 'dead-letter') setAside(group.items, planned);
      else if (planned.kind === 'nothing') {
        tally.unchanged += group.items.length;
        done.push(planned);
      } else plans.push(planned);
    }
    open = await writeAll(plans, { store, batch, tally, setAside, done, seam });
    tally.lost += open.length;
  }

  await publishAll(bus, done, letters);
  sheets.giveBack(sheet);
  seam('after-publish');
  tally.deadLetters = letters.length;
  rememberSettled(done, settled, batch);
  seam('before-commit');
  return tally;
}

/**
 * What another process wrote it may not have filed or published yet; if it dies, the record comes here again and must then be looked at. So only
 * claims are remembered that were made by records of this partition which are behind us when this batch is done.
 */
function rememberSettled(done: readonly Plan[], settled: Settled, { topic, partition, records }: Batch): void {
  const here = originOf(topic, partition, 0).slice(0, -1);
  const last = records.at(-1)?.offset ?? -1;
  const isBehind = ({ origin }: Claim): boolean => origin.startsWith(here) && Number(origin.slice(here.length)) <= last;
  for (const { settled: known } of done) {
    if (known === undefined) continue;
    for (const claim of known.claims) if (isBehind(claim)) settled.remember(known.indicator, claim, known.firstSeen);
  }
}

function planSafely(group: Group, make: () => Plan): Plan | DeadLetterOutcome {
  try {
    return make();
  } catch (error) {
    return deadLetter('plan', 'STEP_FAILED', `${group.id}: ${messageOf(error)}`);
  }
}

type SetAside = (items: readonly Item[], outcome: DeadLetterOutcome) => void;

interface Writing {
  store: IndicatorStore;
  batch: Batch;
  tally: Tally;
  setAside: SetAside;
  done: Plan[];
  seam: Seam;
}

/** Writes the plans; returns the groups whose race was lost. */
async function writeAll(
  plans: readonly PlannedWrite[],
  { store, batch, tally, setAside, done, seam }: Writing,
): Promise<Group[]> {
  await writeEarly(plans, { store, batch, tally, setAside });
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
        setAside(each.group.items, deadLetter('store', outcome.code, outcome.message));
        // only its history is missing: store and topic must agree all the same
        if (outcome.currentWritten) done.push(each);
        break;
      default: {
        const never: never = outcome;
        return never;
      }
    }
  }
  return lost;
}

/** History of statements that this batch replaced already; a refused one goes to the dead letters, the rest of its group goes on. */
async function writeEarly(
  plans: readonly PlannedWrite[],
  { store, batch, tally, setAside }: Omit<Writing, 'done' | 'seam'>,
): Promise<void> {
  const early = plans.flatMap(({ early: write, group }) => (write === undefined ? [] : [{ write, group }]));
  if (early.length === 0) return;
  const outcomes = await store.write(
    early.map(({ write }) => write),
    batch,
  );
  outcomes.forEach((outcome, index) => {
    if (outcome.kind === 'written') tally.history += outcome.historyCreated;
    if (outcome.kind !== 'rejected') return;
    const ids = new Set(early[index]?.write.history.map(({ id }) => id));
    const items =
      early[index]?.group.items.filter(({ report }) => report !== undefined && ids.has(report.claim.hash)) ?? [];
    setAside(items, deadLetter('store', outcome.code, outcome.message));
  });
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

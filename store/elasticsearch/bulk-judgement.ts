import { explain, type Refused, type Unhappy, type Verdict } from './bulk-outcome.ts';
import { describeServerError } from './error.ts';
import type { Trouble } from './persist.ts';

/** What a document came to, for good. */
export type Settled = Extract<Verdict, { kind: 'created' | 'updated' | 'conflict' }> | Refused;

export interface Judgement {
  /** Position of each document that is settled, with what it came to. */
  settled: [position: number, outcome: Settled][];
  /** Positions to send again. */
  again: number[];
  /** Positions, all of them in `again`, whose index is blocked and that have another way. */
  detour: number[];
  /** Undefined when nothing is to be sent again. */
  trouble: Trouble | undefined;
}

/** More than this part of a batch, and at least so many documents, refused for one reason: it is us, not them. */
const MASS_PART = 0.2;
const MASS_COUNT = 20;

export interface Round {
  /** Documents of the whole call, those settled in earlier rounds included. */
  total: number;
  /** Positions that were sent in this round, and the answer to each. */
  positions: readonly number[];
  verdicts: readonly Verdict[];
  indexOf(position: number): string;
  /** True when the document may go to another index. */
  canDetour(position: number): boolean;
}

/** Reads a round as a whole. Pure; bulk-writer.ts acts on it. */
export function judge(round: Round): Judgement {
  const held = massRefusals(round);
  const settled: Judgement['settled'] = [];
  const again: number[] = [];
  const detour: number[] = [];
  const troubles = createTally();

  for (const [at, position] of round.positions.entries()) {
    const verdict = round.verdicts[at];
    if (verdict === undefined) throw new RangeError('a document without an answer');
    switch (verdict.kind) {
      case 'created':
      case 'updated':
      case 'conflict':
        settled.push([position, verdict]);
        continue;
      case 'refused':
        if (!held.has(verdict.error.type)) {
          settled.push([position, verdict]);
          continue;
        }
        break;
      case 'blocked':
        if (round.canDetour(position)) {
          detour.push(position);
          break;
        }
        troubles.add('down', verdict, round.indexOf(position));
        break;
      case 'paused':
        troubles.add('down', verdict, round.indexOf(position));
        break;
      case 'busy':
        troubles.add('busy', verdict, round.indexOf(position));
        break;
      default: {
        const never: never = verdict;
        throw new Error(`unknown verdict ${String(never)}`);
      }
    }
    again.push(position);
  }

  const progress = settled.length > 0;
  return { settled, again, detour, trouble: troubleOf(round, again, detour, held, troubles, progress) };
}

/** Kinds of error that so many documents of the call were refused with that none of these is dead-lettered. */
function massRefusals(round: Round): Map<string, { count: number; first: Unhappy }> {
  const counts = new Map<string, { count: number; first: Unhappy }>();
  for (const verdict of round.verdicts) {
    if (verdict.kind !== 'refused') continue;
    const seen = counts.get(verdict.error.type);
    if (seen === undefined) counts.set(verdict.error.type, { count: 1, first: verdict });
    else seen.count += 1;
  }
  for (const [type, { count }] of counts) {
    if (count < MASS_COUNT || count <= round.total * MASS_PART) counts.delete(type);
  }
  return counts;
}

interface Tally {
  add(kind: 'busy' | 'down', verdict: Unhappy, index: string): void;
  first(kind: 'busy' | 'down'): { verdict: Unhappy; index: string } | undefined;
}

function createTally(): Tally {
  const firsts = new Map<string, { verdict: Unhappy; index: string }>();
  return {
    add(kind, verdict, index) {
      if (!firsts.has(kind)) firsts.set(kind, { verdict, index });
    },
    first: (kind) => firsts.get(kind),
  };
}

/** The gravest trouble names the round, but a busy server is asked again soon even if one index is blocked. */
function troubleOf(
  round: Round,
  again: readonly number[],
  detour: readonly number[],
  held: ReadonlyMap<string, { count: number; first: Unhappy }>,
  troubles: Tally,
  progress: boolean,
): Trouble | undefined {
  if (again.length === 0) return undefined;
  for (const { count, first } of held.values()) {
    const detail =
      `Elasticsearch refuses ${count} of ${round.total} documents with ${describeServerError(first.error)}; ` +
      'so many are not all bad: does the mapping fit this version? Run `tipline setup`';
    return { kind: 'down', code: 'STORE_REFUSES_BATCH', detail, progress };
  }
  const down = troubles.first('down');
  if (down !== undefined) {
    return { kind: 'down', code: down.verdict.code, detail: explain(down.verdict, down.index), progress };
  }
  const busy = troubles.first('busy');
  if (busy !== undefined) {
    return { kind: 'busy', code: busy.verdict.code, detail: explain(busy.verdict, busy.index), progress };
  }
  if (detour.length === 0) throw new Error('documents are left without a reason');
  return { kind: 'detour', code: 'STORE_BLOCKED', detail: 'a day is blocked', progress };
}

import type { Batch, Incoming } from '../bus/port.ts';
import { REBUILD_HEADER } from '../core/contract/raw-indicator.ts';
import { originOf } from '../core/contract/topics.ts';
import { indicatorId } from '../core/indicator/id.ts';
import type { Indicator } from '../core/indicator/type.ts';
import { messageOf } from '../core/process/errors.ts';
import { type DeadLetterOutcome, deadLetter, type Outcome } from './steps/outcome.ts';
import { readRecord, type TimeWindow } from './steps/read-record.ts';
import type { Report } from './steps/report.ts';

/** A record of the batch that may change an indicator; without a report it asks for a new derivation. */
export interface Item {
  readonly record: Incoming;
  readonly origin: string;
  readonly report: Report | undefined;
}

/** The records of a batch about one indicator, in their order. */
export interface Group {
  readonly id: string;
  /** Unknown when there are rechecks alone: then it stands in the state. */
  readonly indicator: Indicator | undefined;
  readonly items: readonly Item[];
}

export interface Refused {
  readonly record: Incoming;
  readonly outcome: DeadLetterOutcome;
}

export interface ReadBatch {
  readonly groups: Map<string, Group>;
  readonly refused: readonly Refused[];
  /** Records that say what is known, or nothing at all. */
  readonly unchanged: number;
}

/** Reads a batch and puts together what is about one indicator. `isSettled` tells what needs no look at the state. */
export function readBatch(batch: Batch, window: TimeWindow, isSettled: (report: Report) => boolean): ReadBatch {
  const groups = new Map<string, { id: string; indicator: Indicator | undefined; items: Item[] }>();
  const refused: Refused[] = [];
  let unchanged = 0;

  const add = (id: string, indicator: Indicator | undefined, item: Item): void => {
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { id, indicator, items: [item] });
    else {
      group.items.push(item);
      group.indicator ??= indicator;
    }
  };

  for (const record of batch.records) {
    const origin = originOf(batch.topic, batch.partition, record.offset);
    const outcome = readSafely(record, origin, window);
    switch (outcome.kind) {
      case 'report':
        // what is known to be unchanged was so before the store was rebuilt
        if (record.headers[REBUILD_HEADER] === undefined && isSettled(outcome.report)) unchanged += 1;
        else {
          const { report } = outcome;
          add(indicatorId(report.indicator), report.indicator, { record, origin, report });
        }
        break;
      case 'recheck':
        add(outcome.id, undefined, { record, origin, report: undefined });
        break;
      case 'drop':
        unchanged += 1;
        break;
      case 'dead-letter':
        refused.push({ record, outcome });
        break;
      default: {
        const never: never = outcome;
        return never;
      }
    }
  }
  return { groups, refused, unchanged };
}

/** A throw in a pure step is a fault of ours that this record brings to light: the record is set aside, the batch goes on. */
function readSafely(record: Incoming, origin: string, window: TimeWindow): Outcome {
  try {
    return readRecord(record, origin, window);
  } catch (error) {
    return deadLetter('parse', 'STEP_FAILED', messageOf(error));
  }
}

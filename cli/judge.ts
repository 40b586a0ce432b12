import { messageOf } from '../core/process/errors.ts';
import { readRecord } from '../enrich/steps/read-record.ts';
import type { Judge, Usability } from '../ingest/usability.ts';

/** What the enricher would say of a record, by its own reading: ingest and the trials of feeds are told before it is on the bus. */
export function createJudge(historyRetention: number): Judge {
  return ({ key, value, headers = {} }, at) => {
    const record = {
      key,
      value: typeof value === 'string' ? Buffer.from(value) : value,
      offset: 0,
      timestamp: at,
      headers,
    };
    try {
      const outcome = readRecord(record, '', { earliest: at - historyRetention, latest: at, headersSince: 0 });
      return outcome.kind === 'dead-letter' ? outcome : undefined;
    } catch (error) {
      return { code: 'STEP_FAILED', message: messageOf(error) };
    }
  };
}

/** `, 3 of 64 looked at would become dead letters, first: ...`; nothing when none would. */
export function refusedOf({ looked, refused, first }: Usability): string {
  return refused === 0 ? '' : `, ${refused} of ${looked} looked at would become dead letters, first: ${first ?? ''}`;
}

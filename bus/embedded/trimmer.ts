import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../core/process/log.ts';
import type { RecordLog } from './record-log.ts';

const EVERY_MS = 60_000;
const RECORDS_AT_ONCE = 5_000;

export interface TrimmerOptions {
  records: RecordLog;
  /** Milliseconds by topic; without, what the topic was created with. */
  retention: Readonly<Record<string, number>>;
  now: () => number;
  log: Log;
}

export interface Trimmer {
  /** Deletes what is past its retention from all topics, at most once a minute. */
  trimIfDue(signal: AbortSignal): Promise<void>;
}

/**
 * Age decides, as on Kafka: a group that stays away longer than the retention loses records, and the log says so. The
 * first trim comes a minute after the start, so a short command never trims.
 */
export function createTrimmer({ records, retention, now, log }: TrimmerOptions): Trimmer {
  let due = now() + EVERY_MS;

  async function trim(topic: string, number: number, before: number, signal: AbortSignal): Promise<void> {
    const unread = new Map<string, number>();
    for (let more = true; more && !signal.aborted; ) {
      const trimmed = records.trim(number, before, RECORDS_AT_ONCE);
      for (const [group, count] of trimmed.unread) unread.set(group, (unread.get(group) ?? 0) + count);
      more = trimmed.more;
      if (more) await nextTurn();
    }
    for (const [group, count] of unread) {
      log.warn({ topic, group, records: count }, 'records were past their retention before this group had read them');
    }
  }

  return {
    async trimIfDue(signal) {
      const time = now();
      if (time < due) return;
      due = time + EVERY_MS;
      try {
        for (const { topic, number, retentionMs } of records.topics()) {
          await trim(topic, number, time - (retention[topic] ?? retentionMs), signal);
        }
      } catch (error) {
        // What was published is safe; a full or busy file is trimmed a minute later.
        log.warn({ error }, 'old records could not be trimmed');
      }
    },
  };
}

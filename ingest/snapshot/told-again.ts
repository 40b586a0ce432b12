import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import type { Member } from './list-file.ts';

/** What is said of the members of the last good list when a later reading did not repeat them. */

/** The member as if the list had been read now: still listed. */
export function renewed({ key, value, granted }: Member, now: string, validUntil: string): Member {
  const record = JSON.parse(value) as RawIndicator;
  const again: RawIndicator = { ...record, collected_at: now };
  if (granted) again.valid_until = validUntil;
  return { key, granted, value: JSON.stringify(again) };
}

/** That the source no longer lists the member; undefined when it had been withdrawn before. */
export function withdrawn({ key, value }: Member, now: string): Member | undefined {
  const record = JSON.parse(value) as RawIndicator;
  if (record.revoked === true) return undefined;
  const { valid_until: _, ...rest } = record;
  const timestamp = laterOf(record.timestamp, now);
  const last_seen = record.last_seen ?? record.timestamp ?? record.collected_at;
  const gone: RawIndicator = {
    ...rest,
    ...(last_seen === undefined ? {} : { last_seen }),
    // of two statements of one moment the withdrawal counts
    timestamp,
    collected_at: now,
    revoked: true,
  };
  return { key, granted: false, value: JSON.stringify(gone) };
}

/**
 * Changes a record of a list whose absences are told: the list speaks at the moment that it is read. An entry that comes back with the
 * date it had before would otherwise be older than its own withdrawal.
 */
export function saidNow(record: { timestamp?: unknown; last_seen?: unknown }, now: string): void {
  const told = record.timestamp;
  if (told === undefined || told === null) return;
  record.last_seen ??= told;
  record.timestamp = typeof told === 'string' ? laterOf(told, now) : now;
}

function laterOf(told: string | undefined, now: string): string {
  const time = Date.parse(told ?? '');
  return Number.isFinite(time) && time > Date.parse(now) && told !== undefined ? told : now;
}

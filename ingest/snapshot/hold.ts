import type { Indicator } from '../../core/indicator/type.ts';
import { type Page, Unreadable } from '../feed.ts';
import { type FeedRun, leaveOut } from '../feed-run.ts';
import { toOutgoing } from '../outgoing.ts';
import { type Member, writeList } from './list-file.ts';
import { createMarks, type Marks } from './marks.ts';
import { createProfile, type FullProfile } from './profile.ts';
import { saidNow } from './told-again.ts';

export interface HeldList {
  profile: FullProfile;
  /** What the feed wants remembered when the list is on the bus; undefined: nothing. */
  cursor: unknown;
  /** The source gave only a part of what it has. */
  truncated: boolean;
  marks: Marks;
}

export interface HoldOptions {
  path: string;
  /** Epoch ms. */
  readAt: number;
  /** What the feed grants members that bring no end of their own. */
  validUntil: string;
}

/**
 * Reads a list to its end and keeps it in a file, each record as it would go on the bus. Undefined when the source had nothing new.
 * Memory grows by eight bytes a record, and by that only where absences are told.
 */
export async function holdList(
  run: FeedRun,
  pages: AsyncIterable<Page>,
  { path, readAt, validUntil }: HoldOptions,
): Promise<HeldList | undefined> {
  const { settings, fingerprint, counts, tally, usability } = run;
  const now = new Date(readAt).toISOString();
  const told = createProfile(run.own);
  const marks = createMarks();
  const tellsAbsence = settings.revoke_on_absence === true;
  let seen = 0;
  let cursor: unknown;
  let truncated = false;

  async function* members(): AsyncGenerator<Member[]> {
    for await (const page of pages) {
      seen += 1;
      counts.read += page.records.length;
      if (page.cursor !== undefined) cursor = page.cursor;
      truncated ||= page.truncated === true;
      const batch: Member[] = [];
      for (const record of page.records) {
        if (tellsAbsence && !(record instanceof Unreadable)) saidNow(record, now);
        let indicator: Indicator | undefined;
        const outgoing = toOutgoing(record, settings, now, run, (named) => {
          indicator = named;
        });
        if (typeof outgoing === 'string') leaveOut(run, outgoing);
        else if (record instanceof Unreadable) tally.skip(counts.read, 'no JSON object', 'malformed');
        else {
          const { key, value } = outgoing;
          usability?.see(outgoing, readAt);
          if (outgoing.over) counts.expired += 1;
          told.see(indicator);
          const member = { key, value: String(value), granted: record.valid_until === validUntil };
          if (tellsAbsence) marks.add(member);
          batch.push(member);
        }
      }
      yield batch;
    }
  }

  await writeList(path, { readAt, fingerprint }, members());
  return seen === 0 ? undefined : { profile: told.profile, cursor, truncated, marks };
}

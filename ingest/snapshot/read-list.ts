import { rm } from 'node:fs/promises';
import { codeOf, TiplineError } from '../../core/process/errors.ts';
import type { Page } from '../feed.ts';
import { BusFailure, type FeedRun, forward } from '../feed-run.ts';
import type { Quarantine } from '../feed-state.ts';
import { DEFAULT_CHECKS, type Finding, type FindingKind, judge } from './checks.ts';
import { type HeldList, holdList } from './hold.ts';
import { beginTelling, headingOf, keepList, type ListFiles, listFiles, type Member, readList } from './list-file.ts';
import type { Marks } from './marks.ts';
import type { FullProfile } from './profile.ts';
import { renewed, withdrawn } from './told-again.ts';
import { vanished } from './vanished.ts';

/** A list that is held back. The last good one stays as it is. */
export class Quarantined extends TiplineError {
  /** False when the same was said at the reading before. */
  readonly isNew: boolean;

  constructor(reason: string, isNew: boolean) {
    super('FEED_QUARANTINE', reason, { retryable: true });
    this.isNew = isNew;
  }
}

export interface ListReading {
  /** Epoch ms. */
  startedAt: number;
  validUntil: string;
  /** The last good list must be published again, or it expires. */
  republishDue: boolean;
}

/**
 * Reads a feed whose every answer is the whole list: to its end first, then it is judged, and only then is it published, with what vanished
 * from it where the feed tells absences. Throws Quarantined when it is held back. A crash before its end leaves cursor and last good list as
 * they were, so all of it is read again.
 */
export async function readWholeList(run: FeedRun, pages: AsyncIterable<Page>, reading: ListReading): Promise<void> {
  const { keeper, settings, signal } = run;
  const { startedAt: readAt, validUntil } = reading;
  const files = await listFiles(run.lists, settings.name, readAt);
  try {
    const list = await holdList(run, pages, { path: files.next, readAt, validUntil });
    if (list === undefined) {
      // the source has what was published last: what was held back is gone
      if (keeper.state.quarantine !== null) keeper.update({ quarantine: null });
      return;
    }
    const findings = settings.checks === false ? [] : judgeAgainstGood(run, list);
    if (findings.length > 0) await holdBack(run, list, findings, readAt);
    await publishList(run, list, { files, readAt });
    if (signal.aborted) return;
    const { records, types } = list.profile;
    keeper.update({
      ...(list.cursor === undefined ? {} : { cursor: list.cursor }),
      good: { at: readAt, records, types },
      quarantine: null,
    });
  } finally {
    await rm(files.next, { force: true });
  }
}

/**
 * Says of the last good list that it is still good, when that is due: what the source says now is no list. Without the file, or with one that
 * another process has since outdated, nothing is said, and the list expires.
 */
export async function keepGoodAlive(run: FeedRun, { startedAt, validUntil, republishDue }: ListReading): Promise<void> {
  const { keeper, settings, signal } = run;
  const { good } = keeper.state;
  if (!republishDue || good === null) return;
  const { last } = await listFiles(run.lists, settings.name, startedAt);
  const heading = await headingOf(last);
  if (heading === undefined || heading.readAt < good.at) return;
  const now = new Date(startedAt).toISOString();
  for await (const members of membersOf(run, last, (member) => renewed(member, now, validUntil))) {
    await forward(run, members);
    if (signal.aborted) return;
  }
  keeper.update({ publishedAt: startedAt });
}

/** Other settings make another list of the same answer: then sizes cannot be compared. */
function comparable({ keeper, fingerprint }: FeedRun): boolean {
  return keeper.state.fingerprint === fingerprint;
}

function judgeAgainstGood(run: FeedRun, { profile }: HeldList): Finding[] {
  const { checks } = run.settings;
  const limits = checks === undefined || checks === false ? DEFAULT_CHECKS : checks;
  return judge(profile, comparable(run) ? run.keeper.state.good : null, limits);
}

/** Throws Quarantined, unless an operator has released this list. */
async function holdBack(run: FeedRun, { profile }: HeldList, findings: readonly Finding[], at: number): Promise<void> {
  const { keeper, settings } = run;
  const kinds = findings.map(({ kind }) => kind);
  const before = keeper.state.quarantine;
  const released = before !== null && (await run.isReleased(before));
  if (released && isLike(profile, before, kinds)) return;
  // a release that was for another list is used up
  const isNew = before === null || released || before.kinds.join() !== kinds.join();
  const reason = `the list is held back: ${findings.map(({ message }) => message).join('; ')}. The last good one stays. Look at it with "tipline feeds test ${settings.name}", and if it is right, "tipline feeds release ${settings.name}"`;
  const { records, types } = profile;
  run.refused.held_back += records;
  keeper.update({ quarantine: { since: isNew ? at : before.since, kinds, reason, records, types } });
  throw new Quarantined(reason, isNew);
}

/** Is it much the list that an operator has looked at, or has the source changed it again since? */
function isLike(profile: FullProfile, seen: Quarantine, kinds: readonly FindingKind[]): boolean {
  const misplaced = kinds.filter((kind) => kind === 'private' || kind === 'own');
  const compared = judge(profile, seen, DEFAULT_CHECKS).filter(({ kind }) => kind !== 'private' && kind !== 'own');
  return misplaced.every((kind) => seen.kinds.includes(kind)) && compared.length === 0;
}

async function publishList(
  run: FeedRun,
  list: HeldList,
  { files, readAt }: { files: ListFiles; readAt: number },
): Promise<void> {
  const { signal, settings } = run;
  const tellsAbsence = settings.revoke_on_absence === true;
  const path = tellsAbsence ? await beginTelling(files) : files.next;
  for await (const members of readList(path)) {
    await forward(run, members);
    if (signal.aborted) return;
  }
  if (tellsAbsence && !list.truncated) await tellAbsences(run, list, { files, readAt });
  if (signal.aborted) return;
  await keepList(path, files);
}

/**
 * Withdraws what is not on this list and may be on the bus: what stood on the last good one, and on those of which only a part was published.
 * The lists say themselves which settings they were read with: after a crash the feed's state may know less.
 */
async function tellAbsences(
  run: FeedRun,
  { marks }: HeldList,
  { files, readAt }: { files: ListFiles; readAt: number },
): Promise<void> {
  const now = new Date(readAt).toISOString();
  const gone = (member: Member): Member | undefined => (marks.has(member) ? undefined : withdrawn(member, now));
  const elsewhere = await lastIsElsewhere(run, files);
  if (elsewhere || run.keeper.state.absencesOwed) await withdrawRemembered(run, marks, readAt, elsewhere);
  for (const path of [files.last, ...files.interrupted]) {
    const heading = await headingOf(path);
    if (heading?.fingerprint !== run.fingerprint) continue;
    for await (const members of membersOf(run, path, gone)) {
      await forward(run, members);
      if (run.signal.aborted) return;
    }
  }
}

/**
 * Has another process read the feed since this one did, or is the file gone? Then its last good list is not here, and what the store remembers
 * of the feed is asked instead. After other settings nothing is withdrawn: they make another list of the same answer.
 */
async function lastIsElsewhere(run: FeedRun, { last }: ListFiles): Promise<boolean> {
  const { state } = run.keeper;
  if (state.fingerprint !== '' && !comparable(run)) return false;
  const heading = await headingOf(last);
  if (heading === undefined) return true;
  return heading.fingerprint === run.fingerprint && state.good !== null && heading.readAt < state.good.at;
}

/**
 * Withdraws what the store remembers of the feed and this list does not hold. What was published a moment ago may not be there yet, and the store
 * may be away: so it is done once more at the next reading.
 */
async function withdrawRemembered(run: FeedRun, marks: Marks, readAt: number, onceMore: boolean): Promise<void> {
  const { keeper, remembered, settings, signal, log } = run;
  if (remembered === undefined) return;
  let count = 0;
  try {
    for await (const members of vanished(remembered.ofFeed(settings.name), settings.name, marks, readAt)) {
      await forward(run, members);
      count += members.length;
      if (signal.aborted) return;
    }
    keeper.update({ absencesOwed: onceMore });
    if (count > 0) log.info({ withdrawn: count }, 'what vanished from the list was found in the store');
  } catch (error) {
    if (error instanceof BusFailure || codeOf(error) === 'INGEST_STOPPED') throw error;
    keeper.update({ absencesOwed: true });
    log.warn({ error }, 'what vanished from the list cannot be looked for in the store; the next reading does it');
  }
}

/** Members of an earlier list, as `tell` has them. A damaged list tells less and nothing wrong: what is left out expires by itself. */
async function* membersOf(
  run: FeedRun,
  path: string,
  tell: (member: Member) => Member | undefined,
): AsyncGenerator<Member[]> {
  try {
    for await (const members of readList(path)) {
      const told = members.map(tell).filter((member) => member !== undefined);
      if (told.length > 0) yield told;
    }
  } catch (error) {
    warnOfDamage(run, error);
  }
}

function warnOfDamage({ log }: FeedRun, error?: unknown): void {
  log.warn({ error }, 'the last good list cannot be read; what stood on it expires by itself');
}

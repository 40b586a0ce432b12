import type { Client } from '@elastic/elasticsearch';
import { TiplineError } from '../../core/process/errors.ts';
import type { Names } from './names.ts';
import { indicesUnder, ownerOf, strangerMessage, strangeTemplateMessage, wouldBeOurs } from './ownership.ts';

/** Something of others where tipline's indices are or would be; never touched, and told to the operator. */
export interface Stranger {
  readonly message: string;
  /** Nothing can be written until an operator acts. */
  readonly hinders: boolean;
}

export interface StrangersContext {
  client: Client;
  names: Names;
  now?: () => number;
}

const DAY = 86_400_000;

/**
 * Days that others made under our names. Where one is of yesterday or later somebody still makes them: then our template must not be
 * there either, or the next one is made in our form and their writes are refused. Older ones only lie there.
 */
export async function strangeDays({ client, names, now = Date.now }: StrangersContext): Promise<Stranger[]> {
  const yesterday = isoDay(now() - DAY);
  const live: string[] = [];
  const old: string[] = [];
  for (const pattern of dailyPatterns(names)) {
    for (const [index, ours] of await indicesUnder(client, pattern)) {
      const day = names.dayOf(pattern, index);
      if (!ours && day !== undefined) (day >= yesterday ? live : old).push(index);
    }
  }
  // a data stream or an alias has other names behind it
  for (const name of todayNames(names, now())) {
    if (!live.includes(name) && (await ownerOf(client, name)) === 'others') live.push(name);
  }
  const found: Stranger[] = [];
  if (live.length > 0) found.push({ message: strangerMessage(live), hinders: true });
  if (old.length > 0)
    found.push({ message: `${strangerMessage(old)}; only these older days, so nothing waits for it`, hinders: false });
  return found;
}

/** Templates of others that would make our next day: to be asked when ours are there. */
export async function strangeTemplates({ client, names, now = Date.now }: StrangersContext): Promise<Stranger[]> {
  const found: Stranger[] = [];
  for (const name of todayNames(names, now() + DAY)) {
    if ((await ownerOf(client, name)) === 'nobody' && !(await wouldBeOurs(client, name)))
      found.push({ message: strangeTemplateMessage(name), hinders: true });
  }
  return found;
}

/** The first thing that hinders, as an error. */
export function refuseHindered(strangers: readonly Stranger[]): void {
  const first = strangers.find(({ hinders }) => hinders);
  if (first !== undefined) throw new TiplineError('STORE_FOREIGN_INDEX', first.message, { retryable: false });
}

function dailyPatterns(names: Names): string[] {
  return [names.historyPattern, names.journalPattern('actions'), names.journalPattern('deadletters')];
}

function todayNames(names: Names, now: number): string[] {
  const day = isoDay(now);
  return [names.historyDay(day), names.journalDay('actions', day), names.journalDay('deadletters', day)];
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

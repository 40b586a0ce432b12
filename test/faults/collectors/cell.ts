import type { TestContext } from 'node:test';
import { ASKED_WAIT_SECONDS, type Fault, openFaultServer } from './faults.ts';
import { createPassingClock, type Death, keyOf, openReader, type Read } from './reader.ts';
import { editionsTo, type Stand } from './stand.ts';

/** Deaths of the reader: before a page is on the bus, and after. */
export const DEATHS = ['crash-before-a-page', 'crash-after-a-page'] as const;
type DeathTrouble = (typeof DEATHS)[number];

/** A fault of the server, or a death of the reader. */
export type Trouble = Fault | DeathTrouble;

export function isDeath(trouble: Trouble): trouble is DeathTrouble {
  return trouble === 'crash-before-a-page' || trouble === 'crash-after-a-page';
}

export interface Cell {
  feed: string;
  trouble: Trouble;
  struck: number;
  /** Records, and how many different ones. */
  delivered: number;
  distinct: number;
  requests: number;
  /** Codes of the errors that were told, in order. */
  errors: string[];
  /** What is wrong, for whoever has to mend it. */
  complaints: string[];
}

const HOUR = 3_600_000;
const SLOW_MS = 1000;
const PATIENT_MS = 60_000;
/** Errors in these words are of no use to anybody. */
const UNEXPLAINED: ReadonlySet<string> = new Set(['FEED_FAILED', 'FEED_FETCH_FAILED']);

/** Reads editions of a source, each until a reading ends well, with one kind of trouble; and once more, when there is nothing new. */
export async function runCell(t: TestContext, stand: Stand, trouble: Trouble, mostRequests: number): Promise<Cell> {
  const deadly = isDeath(trouble);
  const fault = deadly ? 'none' : trouble;
  const editions = fault === 'error-on-page-3' ? 3 : 2;
  // a fault that passes strikes once; but under so short a limit a busy machine may be too slow as well
  const mostFailures = fault === 'slow-drip' ? 4 : 1;
  const clock = createPassingClock();
  const source = stand.open({ fault, now: clock.now });
  const server = await openFaultServer(fault, source.answer, clock.now);
  t.after(() => server.close());
  const section = stand.section(server.url);
  const totalTimeout = fault === 'slow-drip' ? SLOW_MS : PATIENT_MS;
  const reader = openReader(t, section, { clock, totalTimeout });

  const complaints: string[] = [];
  const errors: string[] = [];
  const everTold = new Set<string>();
  const delivered: string[] = [];
  let deaths = 0;

  async function read(death?: Death): Promise<Read> {
    const done = await reader.read(death);
    delivered.push(...done.delivered);
    if (done.died) deaths += 1;
    if (done.failure !== undefined) {
      errors.push(done.failure.code);
      if (UNEXPLAINED.has(done.failure.code)) complaints.push(`${done.failure.code}: ${done.failure.message}`);
      complaints.push(...afterFailure(stand, fault, done, clock.at));
    }
    clock.at += stand.every ?? HOUR;
    return done;
  }

  async function readEdition(edition: number): Promise<void> {
    const expected = new Set(stand.told(edition).map(keyOf));
    for (const key of expected) everTold.add(key);
    const from = delivered.length;
    const when = trouble === 'crash-before-a-page' ? 'before' : 'after';
    if (deadly) for (const send of [1, 2, 3]) await read({ send, when });
    for (let failures = 0; ; failures += 1) {
      const { failure, delivered: last } = await read();
      if (failure === undefined) {
        const got = new Set(deadly || stand.kind === 'journal' ? delivered.slice(from) : last);
        const missing = [...expected].filter((key) => !got.has(key));
        if (missing.length > 0)
          complaints.push(`edition ${edition} was read well, and of it are missing: ${named(missing)}`);
        return;
      }
      if (failures === mostFailures) {
        complaints.push(`edition ${edition} fails again: ${failure.code} ${failure.message}`);
        return;
      }
    }
  }

  for (const edition of editionsTo(editions)) {
    if (edition > 1) source.publish();
    await readEdition(edition);
  }
  // what came in the second in which it was read is asked for once more
  await read();
  const idle = await read();
  if (stand.quiet && fault !== 'no-date-headers' && idle.delivered.length > 0)
    complaints.push(`nothing is new, and it is told again: ${named(idle.delivered)}`);

  const invented = [...new Set(delivered)].filter((key) => !everTold.has(key));
  if (invented.length > 0) complaints.push(`invented: ${named(invented)}`);
  const struck = deadly ? deaths : server.struck + source.struck;
  if (trouble !== 'none' && struck === 0) complaints.push('it never struck');
  if (server.requests.length > mostRequests)
    complaints.push(`${server.requests.length} requests, and ${mostRequests} are enough`);
  if (
    fault === 'slow-drip' &&
    errors.join() !== '' &&
    !errors.includes('FEED_TIMEOUT') &&
    !errors.includes('FEED_EVENT')
  )
    complaints.push(`no time limit ended it: ${errors.join()}`);
  for (const secret of stand.secrets) {
    if (JSON.stringify(server.strangers).includes(secret)) complaints.push('a secret went to another origin');
    if (reader.words().includes(secret)) complaints.push('a secret stands in the log, in an error or in the store');
  }
  return {
    feed: stand.name,
    trouble,
    struck,
    delivered: delivered.length,
    distinct: new Set(delivered).size,
    requests: server.requests.length,
    errors,
    complaints,
  };
}

const ASKS_TO_WAIT: ReadonlySet<Fault> = new Set<Fault>(['rate-limited-seconds', 'rate-limited-date', 'unavailable']);

/** A reading that failed must have left a list as it was, and remember how long it was asked to wait. */
function afterFailure(stand: Stand, fault: Fault, { before, after, delivered, failure }: Read, now: number): string[] {
  const complaints: string[] = [];
  if (ASKS_TO_WAIT.has(fault)) {
    const wait = (after.notBefore - now) / 1000;
    if (wait < ASKED_WAIT_SECONDS - 10 || wait > ASKED_WAIT_SECONDS + 1)
      complaints.push(`${failure?.code}: asked to wait ${ASKED_WAIT_SECONDS} s, and it waits ${wait} s`);
  }
  if (stand.kind === 'journal') return complaints;
  if (delivered.length > 0) complaints.push(`of a list that failed was published: ${named(delivered)}`);
  for (const key of ['cursor', 'good', 'quarantine'] as const) {
    if (key === 'quarantine' && failure?.code === 'FEED_QUARANTINE') continue;
    const [was, is] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    if (was !== is) complaints.push(`a list that failed changed ${key} from ${was} to ${is}`);
  }
  return complaints;
}

function named(keys: readonly string[]): string {
  const shown = keys.slice(0, 10).join(', ');
  return keys.length > 10 ? `${shown} and ${keys.length - 10} more` : shown;
}

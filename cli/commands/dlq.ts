import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Bus } from '../../bus/port.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { type Fields, isFields } from '../../core/contract/fields.ts';
import { COLLECTED_AT_HEADER, FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS, UNSIGNED_HEADER } from '../../core/contract/topics.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { keyOf } from '../../ingest/outgoing.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { askSession, type CommonOptions, withSession } from '../session.ts';
import { printable, table } from '../table.ts';

interface DlqOptions extends CommonOptions {
  code?: string;
  limit?: string;
  with?: string;
  feed?: string;
}

export function addDlq(program: Command, finish: Finish): void {
  const dlq = program
    .command('dlq')
    .description('dead letters: records that could not be used, with the reason and the original bytes');

  dlq
    .command('list')
    .description('list dead letters, newest last')
    .option('--code <code>', 'only those with this reason')
    .option('--limit <n>', 'only the newest n', '50')
    .option('--json', 'one whole dead letter a line')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DlqOptions>();
      finish(await askSession(options, async (session) => list(await session.bus(), options)));
    });

  dlq
    .command('show')
    .description('show one dead letter whole')
    .argument('<id>', 'as dlq list shows it')
    .option('--json', 'as JSON')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DlqOptions>();
      finish(
        await askSession(options, async (session) => {
          const { letter } = await find(await session.bus(), id);
          process.stdout.write(options.json === true ? jsonLine(letter) : describe(letter));
          return EXIT.ok;
        }),
      );
    });

  dlq
    .command('replay')
    .description('put the record on its topic again, as it was or repaired')
    .argument('<id>', 'as dlq list shows it')
    .option('--with <file>', 'a file with the repaired record')
    .option('--feed <name>', 'the feed that it counts for, instead of the one that took it')
    .addHelpText(
      'after',
      '\nExample:\n  tipline dlq show ioc.raw-0-17-5f0c93ab --json | jq -r .payload > fixed.json   # repair it\n  tipline dlq replay ioc.raw-0-17-5f0c93ab --with fixed.json',
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DlqOptions>();
      finish(await withSession(options, async (session) => replay(await session.bus(), id, options)));
    });
}

async function list(bus: Bus, options: DlqOptions): Promise<number> {
  const limit = Math.max(1, Number(options.limit) || 50);
  let newest: DeadLetter[] = [];
  const counts = new Map<string, number>();
  for await (const { letter } of letters(bus)) {
    counts.set(letter.code, (counts.get(letter.code) ?? 0) + 1);
    if (options.code !== undefined && letter.code !== options.code) continue;
    newest.push(letter);
    // partitions are read one after another, so the newest are known at the end; meanwhile few more than those are kept
    if (newest.length >= limit * 2 + 1000) newest = newestOf(newest, limit);
  }
  newest = newestOf(newest, limit);
  if (options.json === true) for (const letter of newest) process.stdout.write(jsonLine(letter));
  else if (counts.size === 0) process.stdout.write('no dead letters\n');
  else {
    const head = ['ID', 'REFUSED AT', 'REASON', 'INDICATOR', 'SOURCE', 'MESSAGE'];
    const rows = newest.map((letter) => [
      letter.id,
      letter['@timestamp'],
      letter.code,
      ...aboutOf(letter),
      letter.message,
    ]);
    process.stdout.write(`${table(head, rows)}\n`);
    const reasons = [...counts].sort((x, y) => y[1] - x[1]);
    process.stdout.write(`\n${table(['REASON', 'COUNT'], reasons)}\n`);
  }
  return EXIT.ok;
}

function newestOf(letters: DeadLetter[], limit: number): DeadLetter[] {
  return letters.sort((x, y) => (x['@timestamp'] < y['@timestamp'] ? -1 : 1)).slice(-limit);
}

/** What a letter says it is about and whose it is, as far as it can be read. */
function aboutOf(letter: DeadLetter): [string, string] {
  const told = fieldsOf(Buffer.from(letter.payload, letter.payload_encoding));
  const text = (value: unknown): string => (typeof value === 'string' ? printable(value, 50) : '');
  return [text(told?.indicator), text(told?.source)];
}

function fieldsOf(bytes: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function replay(bus: Bus, id: string, { with: repaired, feed }: DlqOptions): Promise<number> {
  const { letter, unsigned } = await find(bus, id);
  if (repaired === undefined && letter.payload_cut === true) {
    throw new TiplineError(
      'DLQ_CUT',
      `${id} was cut to ${letter.payload.length} characters: replay it --with a file.`,
      {
        retryable: false,
      },
    );
  }
  const value =
    repaired === undefined ? Buffer.from(letter.payload, letter.payload_encoding) : readRepaired(repaired, letter);
  if (feed !== undefined && letter.origin.topic !== TOPICS.raw)
    throw new TiplineError('USAGE', '--feed is for records of ioc.raw alone', { retryable: false });
  if (feed !== undefined && unsigned && repaired === undefined) {
    throw new TiplineError(
      'USAGE',
      `${id} bears no signature, so anybody may have written it: look at what it says, put what is right into a file, and replay it --with that file for --feed ${feed}`,
      { retryable: false },
    );
  }
  const told = fieldsOf(value);
  // under the indicator's own key, so that it stays in order with what else is said of it
  const key = (told === undefined ? undefined : keyOf(told.indicator, told.type)) ?? id;
  await bus.publish(letter.origin.topic, [
    {
      key,
      value,
      headers: {
        ...(feed === undefined ? letter.headers : { [FEED_HEADER]: feed }),
        [COLLECTED_AT_HEADER]: letter.collected_at,
        replay_of: letter.id,
      },
    },
  ]);
  process.stdout.write(`replayed ${id} to ${letter.origin.topic}; it counts when enrichment reads it\n`);
  return EXIT.ok;
}

/** A repaired record is one JSON object; one for `ioc.raw` must name its source, which a feed would have filled in. */
function readRepaired(path: string, letter: DeadLetter): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new TiplineError('USAGE', `${path} cannot be read`, { cause, retryable: false });
  }
  const told = fieldsOf(bytes);
  if (told === undefined) throw new TiplineError('USAGE', `${path} is not one JSON object`, { retryable: false });
  if (letter.origin.topic === TOPICS.raw && typeof told.source !== 'string') {
    throw new TiplineError('USAGE', `${path} has no source: name who says so, as "source": "…"`, { retryable: false });
  }
  return bytes;
}

/** What follows the origin in an id. */
const MARK = /-[0-9a-f]{8}$/;

interface Found {
  letter: DeadLetter;
  /** Records are signed, and this one is not: somebody else may have written it, or we before that. */
  unsigned: boolean;
}

/** The newest of that id, or of that origin. Others can write letters with the id of ours, so an unsigned one counts only where no other is. */
async function find(bus: Bus, id: string): Promise<Found> {
  let found: Found | undefined;
  for await (const each of letters(bus)) {
    if (each.letter.id !== id && each.letter.id.replace(MARK, '') !== id) continue;
    if (found === undefined || found.unsigned || !each.unsigned) found = each;
  }
  if (found === undefined)
    throw new TiplineError(
      'DLQ_UNKNOWN',
      `There is no dead letter ${printable(id)}; tipline dlq list shows what there is.`,
      { retryable: false },
    );
  return found;
}

async function* letters(bus: Bus): AsyncIterable<Found> {
  for await (const record of bus.scan(TOPICS.deadLetters)) {
    let letter: unknown;
    try {
      letter = JSON.parse(record.value.toString('utf8'));
    } catch {
      continue;
    }
    if (!isLetter(letter)) continue;
    const unsigned = record.headers[UNSIGNED_HEADER] !== undefined;
    yield { letter: unsigned ? ofNobody(letter) : letter, unsigned };
  }
}

/** The topic is ours, but what others write to it must not stop a command. */
function isLetter(value: unknown): value is DeadLetter {
  if (typeof value !== 'object' || value === null) return false;
  const { schema, id, code, message, payload, payload_encoding: encoding, origin } = value as Partial<DeadLetter>;
  const texts = [id, code, message, payload].every((text) => typeof text === 'string');
  return schema === 1 && texts && (encoding === 'utf8' || encoding === 'base64') && typeof origin?.topic === 'string';
}

/** Whoever may write to ioc.dlq could have a replay say in our name what it likes: it goes back to ioc.raw alone, and for no feed. */
function ofNobody({ headers: _, origin, ...letter }: DeadLetter): DeadLetter {
  return { ...letter, origin: { ...origin, topic: TOPICS.raw } };
}

function describe(letter: DeadLetter): string {
  const lines = [
    `id            ${letter.id}`,
    `refused at    ${letter['@timestamp']}`,
    `collected at  ${letter.collected_at}`,
    `reason        ${letter.code} (${letter.stage})`,
    `              ${printable(letter.message, 400)}`,
    `payload       ${letter.payload_bytes} bytes, ${letter.payload_encoding}${letter.payload_cut === true ? ', cut' : ''}`,
    '',
    printable(letter.payload, 4000),
  ];
  return `${lines.join('\n')}\n`;
}

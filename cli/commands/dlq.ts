import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Bus } from '../../bus/port.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { COLLECTED_AT_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { EXIT, type Finish } from '../finish.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { printable, table } from '../table.ts';

interface DlqOptions extends CommonOptions {
  code?: string;
  limit?: string;
  with?: string;
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
      finish(await withSession(options, async (session) => list(await session.bus(), options)));
    });

  dlq
    .command('show')
    .description('show one dead letter whole')
    .argument('<id>', 'topic-partition-offset, as dlq list shows it')
    .option('--json', 'as JSON')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DlqOptions>();
      finish(
        await withSession(options, async (session) => {
          const letter = await find(await session.bus(), id);
          process.stdout.write(options.json === true ? `${JSON.stringify(letter)}\n` : describe(letter));
          return EXIT.ok;
        }),
      );
    });

  dlq
    .command('replay')
    .description('put the record on its topic again, as it was or repaired')
    .argument('<id>', 'topic-partition-offset, as dlq list shows it')
    .option('--with <file>', 'a file with the repaired record')
    .addHelpText(
      'after',
      '\nExample:\n  tipline dlq show ioc.raw-0-17 --json | jq -r .payload > fixed.json   # repair it\n  tipline dlq replay ioc.raw-0-17 --with fixed.json',
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DlqOptions>();
      finish(await withSession(options, async (session) => replay(await session.bus(), id, options.with)));
    });
}

async function list(bus: Bus, options: DlqOptions): Promise<number> {
  const limit = Math.max(1, Number(options.limit) || 50);
  const newest: DeadLetter[] = [];
  const counts = new Map<string, number>();
  for await (const letter of letters(bus)) {
    counts.set(letter.code, (counts.get(letter.code) ?? 0) + 1);
    if (options.code !== undefined && letter.code !== options.code) continue;
    newest.push(letter);
    if (newest.length > limit) newest.shift();
  }
  if (options.json === true) for (const letter of newest) process.stdout.write(`${JSON.stringify(letter)}\n`);
  else if (counts.size === 0) process.stdout.write('no dead letters\n');
  else {
    process.stdout.write(
      `${table(
        ['ID', 'REFUSED AT', 'REASON', 'MESSAGE'],
        newest.map((letter) => [letter.id, letter['@timestamp'], letter.code, letter.message]),
      )}\n`,
    );
    process.stdout.write(
      `\n${table(
        ['REASON', 'COUNT'],
        [...counts].sort((a, b) => b[1] - a[1]),
      )}\n`,
    );
  }
  return EXIT.ok;
}

async function replay(bus: Bus, id: string, repaired: string | undefined): Promise<number> {
  const letter = await find(bus, id);
  if (repaired === undefined && letter.payload_cut === true) {
    throw new TiplineError(
      'DLQ_CUT',
      `${id} was cut to ${letter.payload.length} characters: replay it --with a file.`,
      { retryable: false },
    );
  }
  const value = repaired === undefined ? Buffer.from(letter.payload, letter.payload_encoding) : readFileSync(repaired);
  await bus.publish(letter.origin.topic, [
    { key: id, value, headers: { [COLLECTED_AT_HEADER]: letter.collected_at, replay_of: id } },
  ]);
  process.stdout.write(`replayed ${id} to ${letter.origin.topic}\n`);
  return EXIT.ok;
}

async function find(bus: Bus, id: string): Promise<DeadLetter> {
  let found: DeadLetter | undefined;
  for await (const letter of letters(bus)) if (letter.id === id) found = letter;
  if (found === undefined)
    throw new TiplineError(
      'DLQ_UNKNOWN',
      `There is no dead letter ${printable(id)}; tipline dlq list shows what there is.`,
      { retryable: false },
    );
  return found;
}

async function* letters(bus: Bus): AsyncIterable<DeadLetter> {
  for await (const record of bus.scan(TOPICS.deadLetters)) {
    let letter: unknown;
    try {
      letter = JSON.parse(record.value.toString('utf8'));
    } catch {
      continue;
    }
    if (typeof letter === 'object' && letter !== null && 'schema' in letter && letter.schema === 1)
      yield letter as DeadLetter;
  }
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

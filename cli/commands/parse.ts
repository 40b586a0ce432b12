import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import { openDocument, readerOf } from '../../ingest/files/open-document.ts';
import { FORMAT_NAMES, type FormatName } from '../../ingest/formats/known.ts';
import { TO_IDS_POLICIES, type ToIds } from '../../ingest/formats/misp/options.ts';
import type { Recognition } from '../../ingest/formats/recognise/recognition.ts';
import { known } from '../../ingest/formats/recognise/recognition.ts';
import { createAgeing } from '../../ingest/lifetime.ts';
import { createTally, type Tally } from '../../ingest/tally.ts';
import { EXIT, type Finish } from '../finish.ts';
import { expiredOf, lifetimeLookUp } from '../lifetimes.ts';
import { canonicalOf, createPrinter, type Printer } from '../record-printer.ts';
import { printable } from '../table.ts';

interface ParseOptions {
  format?: FormatName;
  toIds?: ToIds;
  json?: boolean;
  limit: string;
}

export function addParse(program: Command, finish: Finish): void {
  program
    .command('parse')
    .description('print the indicators of files in any known format, as a feed would publish them; publishes nothing')
    .argument('<file...>', 'files, packed with gzip or not; - is standard input')
    .addOption(new Option('--format <format>', 'read as this; else told by the content').choices(FORMAT_NAMES))
    .addOption(
      new Option('--to-ids <policy>', 'what to do with MISP attributes that are not for detection').choices(
        TO_IDS_POLICIES,
      ),
    )
    .option('--limit <n>', 'stop after so many records; 0 is no limit', '0')
    .option('--json', 'one record a line')
    .addHelpText(
      'after',
      '\nExamples:\n  tipline parse report.html\n  tipline parse *.stix.xml --json > records.json\n  curl -s https://example.org/list.txt | tipline parse - --limit 20\n\nWhat was left out is told on standard error. Exit code 1 when a file could not be read.',
    )
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ParseOptions>();
      const printer = createPrinter(options.json === true, limitOf(options.limit));
      let allRead = true;
      for (const file of files) {
        if (printer.full) break;
        allRead = (await parseFile(file, options, printer)) && allRead;
      }
      finish(allRead ? EXIT.ok : EXIT.failed);
    });
}

function limitOf(text: string): number {
  if (!/^\d{1,12}$/.test(text)) {
    throw new TiplineError('USAGE', `--limit must be a number, not "${printable(text, 40)}"`, { retryable: false });
  }
  return Number(text) === 0 ? Number.POSITIVE_INFINITY : Number(text);
}

/** Prints one file and what became of it; false when it could not be read to its end. */
async function parseFile(file: string, { format, toIds }: ParseOptions, printer: Printer): Promise<boolean> {
  const name = file === '-' ? 'standard input' : printable(file, 200);
  const say = (text: string): void => {
    process.stderr.write(`${name}: ${text}\n`);
  };
  const census = createCensus();
  const tally = createLeftOut();
  let what = '';
  try {
    const bytes: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file);
    const document = await openDocument(bytes, { name: basename(file), maxBytes: Number.POSITIVE_INFINITY });
    const recognition = asWanted(document.recognition, format);
    if (recognition.format === undefined) {
      await document.close();
      say(`no format that tipline knows: ${recognition.reason}`);
      return false;
    }
    what = `${recognition.format} (${recognition.reason})`;
    for await (const batch of readerOf(recognition, toIds === undefined ? {} : { toIds })(document.bytes, tally)) {
      const printed = await printer.print(batch);
      for (const record of batch.slice(0, printed)) census.add(record);
      if (printer.full) break;
    }
    await printer.flush();
  } catch (error) {
    await printer.flush();
    const code = codeOf(error);
    const reason = code === 'EISDIR' ? 'it is a folder; name the files in it' : messageOf(error);
    say(`${what === '' ? '' : `${what}: ${census.summary()}, then it could not be read further: `}${reason} (${code})`);
    for (const line of tally.lines()) process.stderr.write(`${line}\n`);
    return false;
  }
  const left = tally.lines();
  const end = printer.full ? ', as many as were asked for' : '';
  say(
    `${what}: ${census.summary()}${census.count === 0 && left.length === 0 ? ', nothing in it is an indicator' : end}`,
  );
  for (const line of left) process.stderr.write(`${line}\n`);
  return true;
}

function asWanted(recognition: Recognition, wanted: FormatName | undefined): Recognition {
  if (wanted === undefined || recognition.format === wanted) return recognition;
  return known(wanted, 'as it was asked for');
}

/** How many records of which type there were, and how many the enricher would refuse. */
interface Census {
  readonly count: number;
  add(record: RawIndicator): void;
  summary(): string;
}

function createCensus(): Census {
  const types = new Map<string, number>();
  let count = 0;
  let refused = 0;
  let expired = 0;
  const ageing = createAgeing({}, lifetimeLookUp({}));
  const now = new Date().toISOString();
  let first: string | undefined;
  return {
    get count() {
      return count;
    },
    add(record) {
      count += 1;
      const canonical = canonicalOf(record);
      if (canonical.ok) {
        const { type } = canonical.indicator;
        if (ageing.isOver({ ...record, collected_at: record.collected_at ?? now }, type)) expired += 1;
        types.set(type, (types.get(type) ?? 0) + 1);
      } else {
        refused += 1;
        first ??= `"${printable(String(record.indicator), 60)}" is ${canonical.message}`;
      }
    },
    summary() {
      const counts = [...types].sort((a, b) => b[1] - a[1]).map(([type, of]) => `${of.toLocaleString('en')} ${type}`);
      if (refused > 0) counts.push(`${refused.toLocaleString('en')} that the enricher would refuse, first ${first}`);
      const records = `${count.toLocaleString('en')} record${count === 1 ? '' : 's'}`;
      return `${counts.length === 0 ? records : `${records}: ${counts.join(', ')}`}${expiredOf(expired)}`;
    },
  };
}

const MOST_TOLD = 5;

/** A tally that keeps the first of what was left out, with where it stood. */
function createLeftOut(): Tally & { lines(): readonly string[] } {
  const told: string[] = [];
  let skipped = 0;
  const tally = createTally();
  return {
    ...tally,
    skip(where, reason) {
      skipped += 1;
      if (told.length < MOST_TOLD) told.push(`  ${where}: ${printable(reason, 200)}`);
    },
    lines() {
      const { tooLong, notes } = tally.take();
      const first = skipped > MOST_TOLD ? '; the first:' : ':';
      return [
        ...(skipped > 0 ? [`  left out: ${skipped.toLocaleString('en')}, by line or number${first}`] : []),
        ...told.map((line) => `  ${line}`),
        ...(tooLong > 0 ? [`  left out because they are too long: ${tooLong.toLocaleString('en')}`] : []),
        ...notes.map((note) => `  ${printable(note, 300)}`),
      ];
    },
  };
}

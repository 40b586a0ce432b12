import { createReadStream } from 'node:fs';
import { glob, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { typeFromAlias } from '../core/indicator/alias.ts';
import { canonicalise } from '../core/indicator/canonical.ts';
import { openDocument, readerOf } from '../ingest/files/open-document.ts';
import { createTally } from '../ingest/tally.ts';
import { judge } from './recognition/judge.ts';
import { candidatesIn, createDraw } from './recognition/sample.ts';

/**
 * What `parse` and `directory` make of repositories of indicators that others publish: for files that tell the types of what they name, recall and
 * precision against a reading of those types that shares nothing with tipline's readers; of the others a seeded sample of what was found, and
 * of what looks like an indicator, to be judged by hand.
 *
 *   node bench/recognition.ts FOLDER            each folder in it is a repository, checked out
 *   node bench/recognition.ts FOLDER --sample 100 --seed 1 --only NAME
 *   node bench/recognition.ts FOLDER --misses   what was missed, and what was found beside
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    misses: { type: 'boolean', default: false },
  },
});
/** Programs, rules and pictures that stand beside the indicators. */
const OTHERS =
  /\.(?:ya?ra?|rules|py|rb|go|js|ts|c|h|cpp|hpp|cs|rs|java|sh|ps1|psm1|php\d?|aspx?|jsp|png|jpe?g|gif|svg|pdf|zip|7z|gz|pcap|har|exe|dll|ksy|sigma|toml|lock|ipynb|mod|sum|cfg|css|vba|vbs|lua|asm|idc|html?)$/i;
const LARGEST = 8 * 1024 ** 2;

interface Count {
  files: number;
  unread: number;
  expected: number;
  found: number;
  hit: number;
  right: number;
}

const [folder = '.'] = positionals;
const draws = Number(options.sample);
const rows: [string, string, Count][] = [];
const entries: string[] = [];
for await (const entry of glob('*/', { cwd: folder })) entries.push(entry);
for (const entry of entries.sort()) {
  const name = basename(entry);
  if (options.only !== undefined && !name.includes(options.only)) continue;
  await readRepository(name, join(folder, name));
}
print();

async function readRepository(name: string, root: string): Promise<void> {
  const counts = new Map<string, Count>();
  const found = createDraw<string>(draws, Number(options.seed));
  const candidates = createDraw<string>(draws, Number(options.seed) + 1);
  for await (const path of glob('**/*', { cwd: root, exclude: (each) => each.startsWith('.git') })) {
    const file = join(root, path);
    const { size, isFile } = await stat(file).then((at) => ({ size: at.size, isFile: at.isFile() }));
    if (
      !isFile ||
      size === 0 ||
      size > LARGEST ||
      OTHERS.test(path) ||
      /^(?:LICENSE|README|CONTRIBUTING)/i.test(basename(path))
    )
      continue;
    const bytes = await readFile(file);
    if (bytes.includes(0) && bytes[0] !== 0xff) continue;
    const text = bytes.toString('utf8');
    const judged = judge(path, text);
    if (judged === undefined && draws === 0) continue;
    const { values, format } = await read(file);
    if (judged === undefined) {
      for (const value of values) found.offer(`${path} [${format}]: ${value}`);
      for (const candidate of candidatesIn(text)) {
        const canonical = canonicalise(candidate, undefined);
        const known = canonical.ok && values.has(`${canonical.indicator.type} ${canonical.indicator.value}`);
        candidates.offer(`${known ? 'found ' : 'MISSED'} ${path}: ${candidate}`);
      }
      continue;
    }
    const count = counts.get(judged.by) ?? { files: 0, unread: 0, expected: 0, found: 0, hit: 0, right: 0 };
    counts.set(judged.by, count);
    count.files += 1;
    if (values.size === 0 && judged.expected.size > 0) count.unread += 1;
    count.expected += judged.expected.size;
    count.found += values.size;
    const missed = [...judged.expected].filter((value) => !values.has(value));
    const beside = [...values].filter((value) => !judged.expected.has(value) && !judged.admissible.has(value));
    count.hit += judged.expected.size - missed.length;
    count.right += values.size - beside.length;
    if (!options.misses || missed.length + beside.length === 0) continue;
    console.log(
      `${name}/${path} [${format}] missed ${missed.length} of ${judged.expected.size}, beside ${beside.length}`,
    );
    for (const each of missed.slice(0, 4)) console.log(`  missed ${each.slice(0, 120)}`);
    for (const each of beside.slice(0, 4)) console.log(`  beside ${each.slice(0, 120)}`);
  }
  for (const [by, count] of counts) rows.push([name, by, count]);
  for (const [what, draw] of [
    ['finding', found],
    ['candidate', candidates],
  ] as const) {
    for (const each of draw.drawn()) console.log(`${name} ${what} ${each.replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ')}`);
  }
}

/** `type value` of what is read of a file, as the enricher would have it. */
async function read(file: string): Promise<{ values: ReadonlySet<string>; format: string }> {
  const values = new Set<string>();
  const document = await openDocument(createReadStream(file), { name: basename(file), maxBytes: LARGEST });
  const { recognition } = document;
  if (recognition.format === undefined) {
    await document.close();
    return { values, format: recognition.reason };
  }
  try {
    for await (const batch of readerOf(recognition)(document.bytes, createTally())) {
      for (const { indicator, type } of batch) {
        const canonical = canonicalise(indicator, type === undefined ? undefined : typeFromAlias(type));
        if (canonical.ok) values.add(`${canonical.indicator.type} ${canonical.indicator.value}`);
      }
    }
  } catch (error) {
    return { values, format: `${recognition.format}: ${String(error).slice(0, 80)}` };
  }
  return { values, format: recognition.format };
}

function print(): void {
  const percent = (part: number, whole: number): string => (whole === 0 ? '-' : ((100 * part) / whole).toFixed(2));
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at < 2 ? String(cell).padEnd(at === 0 ? 36 : 28) : String(cell).padStart(10))).join(' ');
  console.log(line(['repository', 'types told by', 'files', 'expected', 'found', 'recall %', 'precision %']));
  const all = { files: 0, unread: 0, expected: 0, found: 0, hit: 0, right: 0 };
  for (const [name, by, count] of [...rows, ['all', '', all] as const]) {
    const { files, expected, found, hit, right } = count;
    console.log(line([name, by, files, expected, found, percent(hit, expected), percent(right, found)]));
    for (const key of Object.keys(all) as (keyof Count)[]) if (name !== 'all') all[key] += count[key];
  }
}

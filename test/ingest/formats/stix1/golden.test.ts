import assert from 'node:assert/strict';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import { parseTlp } from '../../../../core/contract/tlp.ts';
import { typeFromAlias } from '../../../../core/indicator/alias.ts';
import { canonicalise } from '../../../../core/indicator/canonical.ts';
import { readPattern } from '../../../../ingest/formats/stix-pattern/read.ts';
import { stix1Records } from '../../../../ingest/formats/stix1/records.ts';
import { createTally } from '../../../../ingest/tally.ts';

/**
 * STIX 1 packages beside what the OASIS converter (cti-stix-elevator) makes of them. What is compared, each as a set of lines:
 * - `indicator`: type, value, end of validity and TLP of every indicator, on their side out of the patterns;
 * - `observable`: type and value of what is only observed or an infrastructure.
 * `theirs` is what they alone have, `ours` what we alone have.
 */
const corpus = process.env.TIPLINE_CORPUS;

type Side = 'theirs' | 'ours';
interface Difference {
  side: Side;
  /** Begins so. */
  line: string;
  why: string;
}

const UNREADABLE = 'it writes a term that it could not convert into the pattern, which then is none';
const NO_PATTERN = 'an indicator without an observable has no pattern there, and no record here: it is counted';

const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'email-links-pattern': [
    {
      side: 'theirs',
      line: 'observable url http://thereelin.com/mac/htm',
      why: 'it leaves the links of a mail out of patterns',
    },
    { side: 'ours', line: 'indicator url http://thereelin.com/mac/htm', why: 'a part of the mail that is looked for' },
  ],
  'file-and-directory-pattern': [
    {
      side: 'ours',
      line: 'observable sha256 e3b0c442',
      why: 'it leaves out infrastructure that is told by reference to a file',
    },
  ],
  hostname: [{ side: 'theirs', line: 'indicator unreadable ', why: NO_PATTERN }],
  issue62: [
    { side: 'theirs', line: 'indicator unreadable [(file:hashes.MD5', why: UNREADABLE },
    { side: 'theirs', line: 'indicator unreadable [process:pid', why: UNREADABLE },
    { side: 'ours', line: 'indicator md5 5d8129be', why: UNREADABLE },
    { side: 'ours', line: 'indicator sha1 2b999e7d', why: UNREADABLE },
    { side: 'ours', line: 'indicator sha256 2c5dd8a6', why: UNREADABLE },
    { side: 'ours', line: 'indicator ssdeep 768:mvAFYk0I', why: UNREADABLE },
    { side: 'ours', line: 'indicator ip 198.49.123.10', why: UNREADABLE },
  ],
  'taxii-regression-test-14': [
    { side: 'theirs', line: 'indicator ? cf83e135', why: 'a SHA-512 that the source calls SSDEEP is believed' },
    { side: 'ours', line: 'indicator sha512 cf83e135', why: 'what calls itself SSDEEP is a SHA-512 by its length' },
  ],
  'yara-test-mechanism': [
    {
      side: 'theirs',
      line: 'indicator unreadable rule silent_banker',
      why: 'a YARA rule is its pattern there, and context here',
    },
  ],
};

interface StixObject {
  type: string;
  pattern?: string;
  pattern_type?: string;
  valid_until?: string;
  object_marking_refs?: string[];
  value?: string;
  key?: string;
  name?: string;
  number?: number;
  serial_number?: string;
  hashes?: Record<string, string>;
}

const TLP_OF_MARKING: ReadonlyMap<string, string> = new Map([
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', 'WHITE'],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', 'GREEN'],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'AMBER'],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'RED'],
]);

function indicator(type: string | undefined, value: string): string {
  const found = canonicalise(value, type === undefined ? undefined : typeFromAlias(type));
  return found.ok ? `${found.indicator.type} ${found.indicator.value}` : `? ${value}`;
}

function validity(until: string | undefined): string {
  const at = until === undefined ? Number.NaN : Date.parse(until);
  return Number.isNaN(at) || new Date(at).getUTCFullYear() >= 9999 ? '-' : new Date(at).toISOString();
}

function theirLines(objects: readonly StixObject[]): Set<string> {
  const lines = new Set<string>();
  for (const object of objects) {
    if (object.type === 'indicator') {
      const tlps = (object.object_marking_refs ?? []).flatMap((id) => TLP_OF_MARKING.get(id) ?? []);
      const tlp = parseTlp(tlps[0] ?? '') ?? '-';
      const reading = readPattern(object.pattern ?? '');
      if (!reading.ok) lines.add(`indicator unreadable ${(object.pattern ?? '').trim().slice(0, 40)}`);
      else {
        for (const { type, value } of reading.leaves) {
          lines.add(`indicator ${indicator(type, value)} until ${validity(object.valid_until)} tlp ${tlp}`);
        }
      }
    } else for (const line of observableLines(object)) lines.add(line);
  }
  return lines;
}

function observableLines(object: StixObject): string[] {
  const { type, value, hashes = {} } = object;
  switch (type) {
    case 'ipv4-addr':
    case 'ipv6-addr':
    case 'domain-name':
    case 'url':
    case 'email-addr':
    case 'mac-addr':
      return value === undefined ? [] : [`observable ${indicator(type, value)}`];
    case 'mutex':
      return [`observable ${indicator('mutex', object.name ?? '')}`];
    case 'autonomous-system':
      return [`observable ${indicator('asn', String(object.number))}`];
    case 'windows-registry-key':
      return [`observable ${indicator('registry', object.key ?? '')}`];
    case 'x509-certificate':
      return [`observable ${indicator('x509', object.serial_number ?? '')}`];
    case 'file':
    case 'artifact':
      return Object.entries(hashes).map(([name, hash]) => `observable ${indicator(name, hash)}`);
    default:
      return [];
  }
}

function ourLines(records: readonly RawIndicator[]): Set<string> {
  return new Set(
    records.map(({ type, indicator: value, valid_until, tlp, tags, categories }) =>
      tags?.includes('observable') || categories?.includes('infrastructure')
        ? `observable ${indicator(type, value)}`
        : `indicator ${indicator(type, value)} until ${validity(valid_until)} tlp ${tlp ?? '-'}`,
    ),
  );
}

function differencesBetween(theirs: ReadonlySet<string>, ours: ReadonlySet<string>): { side: Side; line: string }[] {
  return [
    ...[...theirs].filter((line) => !ours.has(line)).map((line) => ({ side: 'theirs' as const, line })),
    ...[...ours].filter((line) => !theirs.has(line)).map((line) => ({ side: 'ours' as const, line })),
  ];
}

async function ourReading(file: string): Promise<{ records: RawIndicator[]; skipped: number }> {
  const tally = createTally();
  const records: RawIndicator[] = [];
  for await (const batch of stix1Records(createReadStream(file), {}, tally)) records.push(...batch);
  return { records, skipped: tally.take().skipped };
}

if (corpus !== undefined) {
  const folder = join(corpus, 'stix1');
  const packages = readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => name.slice(0, -'.xml'.length));
  const pairs = packages.filter((name) => existsSync(join(folder, `${name}.stix21.json`)));

  describe('packages that the converter has nothing beside', () => {
    for (const name of packages.filter((each) => !pairs.includes(each))) {
      it(name, async () => {
        const { records, skipped } = await ourReading(join(folder, `${name}.xml`));
        assert.ok(records.length + skipped > 0);
        assert.ok(records.every(({ ref, indicator: value }) => ref !== undefined && value !== ''));
      });
    }
  });

  describe(`${pairs.length} packages beside what the OASIS converter makes of them`, () => {
    for (const name of pairs) {
      it(name, async (context) => {
        const bundle = JSON.parse(readFileSync(join(folder, `${name}.stix21.json`), 'utf8')) as {
          objects: StixObject[];
        };
        const found = differencesBetween(
          theirLines(bundle.objects),
          ourLines((await ourReading(join(folder, `${name}.xml`))).records),
        );
        const listed = DIFFERENCES[name] ?? [];
        const explained = (side: Side, line: string) =>
          listed.find((each) => each.side === side && line.startsWith(each.line));
        for (const { side, line } of found) {
          context.diagnostic(`${side}: ${line}: ${explained(side, line)?.why ?? 'NOT EXPLAINED'}`);
        }
        assert.deepEqual(
          found.filter(({ side, line }) => explained(side, line) === undefined),
          [],
        );
        const unused = listed.filter((each) => !found.some(({ side, line }) => explained(side, line) === each));
        assert.deepEqual(unused, [], 'an explanation that explains nothing any more');
      });
    }
  });
}

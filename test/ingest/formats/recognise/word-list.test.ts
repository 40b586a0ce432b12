import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDocument, readerOf } from '../../../../ingest/files/open-document.ts';
import { inPieces, named, type Reading, readDocument } from '../reading.ts';

/** What people choose for a password; a few of many read like the name of a host. */
const CHOSEN = Array.from({ length: 300 }, (_, at) => `${['Qwe', '1q2w', 'root', 'pass!@#', 'abc_'][at % 5]}${at * 7}`);

async function parse(lines: readonly string[]): Promise<Reading> {
  const text = `${lines.join('\n')}\n`;
  const { recognition, close } = await openDocument(inPieces(Buffer.from(text), []), { name: 'x.txt', maxBytes: 1e6 });
  await close();
  assert.ok(recognition.format !== undefined);
  return readDocument(readerOf(recognition), text);
}

test('of a list of words that are hardly ever indicators, names count only where they are disarmed, and each is told', async () => {
  const { records, skipped } = await parse([
    ...CHOSEN,
    'qwe123.com',
    'root@mail.ru',
    'evil[.]example[.]org',
    'https://c2.example.net/gate.php',
    '203.0.113.7:8080',
    '9e107d9d372bb6826bd81d3542a419d6',
  ]);
  assert.deepEqual(named(records), [
    'domain evil.example.org',
    'url https://c2.example.net/gate.php',
    'ip 203.0.113.7',
    'md5 9e107d9d372bb6826bd81d3542a419d6',
  ]);
  assert.equal(skipped.length, 2);
  assert.match(skipped[0] ?? '', /^301: "qwe123\.com" stands in a list of words/);
});

test('what is no such list is read as before', async () => {
  const names = Array.from({ length: 60 }, (_, at) => `evil${at}.example.org`);
  const prose = CHOSEN.map((word) => `the sample wrote ${word} to its log`);
  const lists: readonly (readonly string[])[] = [
    // hashes and file names beside the hosts of one campaign
    [...CHOSEN.slice(0, 100).map((word) => `${word}.bin`), ...names],
    [...prose, ...names],
    // a few words about a few names
    [...CHOSEN.slice(0, 30), ...names.slice(0, 1)],
  ];
  for (const lines of lists) {
    const { records } = await parse(lines);
    assert.equal(records.length, lines.filter((line) => line.startsWith('evil')).length, lines[0]);
  }
  // disarmed names tell what the list is, though what is left of them is no name
  const { records } = await parse([
    ...Array.from({ length: 80 }, (_, at) => `[redacted].evil${at}[.]example[.]org`),
    'plain.example.org',
  ]);
  assert.equal(records.length, 81);
});

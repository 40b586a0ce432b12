import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { COMMENT_MARKS } from '../../../ingest/formats/comments.ts';
import { type DelimitedOptions, delimitedRecords } from '../../../ingest/formats/delimited.ts';
import { type ConfidenceSteps, rowReader } from '../../../ingest/formats/record.ts';
import { createTally, type TallyReport } from '../../../ingest/tally.ts';

async function read(
  text: string,
  changes: Partial<DelimitedOptions> & { steps?: ConfidenceSteps; chunk?: number } = {},
): Promise<{ records: RawIndicator[]; left: TallyReport }> {
  const { steps, chunk = 7, ...options } = changes;
  async function* pieces(): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const tally = createTally();
  const records: RawIndicator[] = [];
  const batches = delimitedRecords(
    pieces(),
    {
      delimiter: undefined,
      quotes: false,
      header: false,
      comments: COMMENT_MARKS,
      columns: { indicator: 1 },
      reader: (cells) => rowReader(cells, steps),
      ...options,
    },
    tally,
  );
  for await (const batch of batches) records.push(...batch);
  return { records, left: tally.take() };
}

const indicators = async (...args: Parameters<typeof read>): Promise<string[]> =>
  (await read(...args)).records.map((record) => record.indicator);

test('lines: comments, trailing comments, CRLF, blank lines, no line end at the end', async () => {
  const list =
    '# head\r\n; head\r\n//head\r\n\r\n  192.0.2.1  \r\n192.0.2.0/24 ; SBL1\r\nhttp://a.example/#x // seen\r\n\thttp://b.example//c#d';
  assert.deepEqual(await indicators(list), [
    '192.0.2.1',
    '192.0.2.0/24',
    'http://a.example/#x',
    'http://b.example//c#d',
  ]);
});

test('lines: several indicators in one, and what only looks as if there were', async () => {
  assert.deepEqual(
    await indicators('192.0.2.1 a[.]example, hxxp://b.example/\nseen at a.example\nHKLM\\Software\\A B\n'),
    ['192.0.2.1', 'a[.]example', 'hxxp://b.example/', 'seen at a.example', 'HKLM\\Software\\A B'],
  );
});

test('tsv: columns by number, confidence by steps', async () => {
  const steps: ConfidenceSteps = [
    [1, 30],
    [3, 70],
    [6, 95],
  ];
  const { records } = await read('192.0.2.1\t9\n192.0.2.2\t5\n192.0.2.3\t1\n192.0.2.4\t0\n192.0.2.5\tx\n192.0.2.6\n', {
    delimiter: '\t',
    columns: { indicator: 1, confidence: 2 },
    steps,
  });
  assert.deepEqual(
    records.map((record) => record.confidence),
    [95, 70, 30, undefined, undefined, undefined],
  );
});

test('csv: header names in any case, quotes, delimiters and line ends inside them', async () => {
  const { records } = await read(
    '# comment with a " quote\nFirst_Seen, IOC ,Tags,Malware\n"2026-01-02 03:04:05", "a.example", "x, y","None"\n2026-01-03,b.example,"two\nlines",Emotet\n',
    {
      delimiter: ',',
      quotes: true,
      header: true,
      columns: { indicator: 'ioc', first_seen: 'first_seen', tags: 'tags', malware: 'malware' },
    },
  );
  assert.deepEqual(records, [
    { indicator: 'a.example', first_seen: '2026-01-02 03:04:05', tags: ['x', 'y'] },
    { indicator: 'b.example', first_seen: '2026-01-03', tags: ['two\nlines'], malware: ['Emotet'] },
  ]);
});

test('a stray quote costs its own row and no other', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => `10.0.0.${index},"note ${index}"`);
  rows[20] = '10.0.0.20,"never closed';
  const { records, left } = await read(rows.join('\n'), { delimiter: ',', quotes: true });
  assert.equal(records.length, 199);
  assert.deepEqual([left.skipped, left.firstSkipped], [1, 'line 21: a quote that is never closed']);
  // the same without any quote behind it
  const plain = Array.from({ length: 200 }, (_, index) => (index === 0 ? '"x,1' : `10.0.0.${index},1`));
  assert.equal((await read(plain.join('\n'), { delimiter: ',', quotes: true })).records.length, 199);
});

test('a last row that breaks off, as a list does that was cut, is no record; a whole one is, with or without its end', async () => {
  const rows = 'a.example,1\nb.example,2\nc.exam';
  const cut = await read(rows, { delimiter: ',' });
  assert.deepEqual(
    cut.records.map((record) => record.indicator),
    ['a.example', 'b.example'],
  );
  assert.deepEqual([cut.left.skipped, cut.left.firstSkipped], [1, 'line 3: the row breaks off, as the list does']);
  assert.equal((await read(`${rows}ple,3`, { delimiter: ',' })).records.length, 3);
  // where rows are of any length, a short one is nothing odd
  assert.equal((await read(`x.example\n${rows}`, { delimiter: ',' })).records.length, 4);
});

test('a row without its column is counted with the line it stands in', async () => {
  const { records, left } = await read('# c\na\tb\nonly\nc\td\n', { delimiter: '\t', columns: { indicator: 2 } });
  assert.deepEqual(
    records.map((record) => record.indicator),
    ['b', 'd'],
  );
  assert.deepEqual([left.skipped, left.firstSkipped], [1, 'line 3: no indicator in column 2']);
});

test('a header row without the column is an error that names what is there', async () => {
  await assert.rejects(
    read('ip,port\n1.2.3.4,80\n', { delimiter: ',', quotes: true, header: true, columns: { indicator: 'ioc' } }),
    {
      code: 'FEED_COLUMNS',
      message: 'the list has no column "ioc" for indicator; its header row has: ip, port',
    },
  );
});

test('a line above 64 KB is counted and passed over', async () => {
  const { records, left } = await read(`a.example\n${'x'.repeat(70_000)}\nb.example\n`, { chunk: 10_000 });
  assert.deepEqual(
    records.map((record) => record.indicator),
    ['a.example', 'b.example'],
  );
  assert.equal(left.tooLong, 1);
});

test('records do not depend on where the bytes are cut', async () => {
  const text = 'ä.example,"a\nb"\n# c\n"ß,""x",y\nq"r,s\n"open,1\nlast.example';
  const whole = await read(text, { delimiter: ',', quotes: true, chunk: 1000 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (chunk) => {
      assert.deepEqual(await read(text, { delimiter: ',', quotes: true, chunk }), whole);
    }),
    { numRuns: 20 },
  );
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csvRows, exportRows, type Row, rowRecords } from '../../../ingest/formats/rows.ts';
import { createTally } from '../../../ingest/tally.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(rows: AsyncIterable<readonly Row[]>): Promise<{ where: number; fields: Record<string, unknown> }[]> {
  const found: { where: number; fields: Record<string, unknown> }[] = [];
  for await (const batch of rows) found.push(...batch.map(({ where, fields }) => ({ where, fields: { ...fields } })));
  return found;
}

const CSV = { columns: ['id', 'ioc', 'tags'], surely: 'ioc' };
const EXPORT = {
  csv: CSV,
  json: { at: (path: readonly unknown[]) => (path.length < 2 ? ('into' as const) : ('whole' as const)), id: 'id' },
};

describe('rows of an export', () => {
  it('names columns by the comment above them, and by the options where that is none of theirs', async () => {
    const named = '# list\n#\n# "tags", "new", "ioc"\n"a,b", "x", "192.0.2.1"\n#\n# Number of entries: 1\n';
    assert.deepEqual(await all(csvRows(pieces(named, 7), CSV, createTally())), [
      { where: 4, fields: { tags: 'a,b', new: 'x', ioc: '192.0.2.1' } },
    ]);
    const bare = '# made at 2026-11-24, by us\n1, 192.0.2.1, "a"\r\n';
    const [row] = await all(csvRows(pieces(bare, 100), CSV, createTally()));
    assert.deepEqual([row?.fields.id, String(row?.fields.ioc).trim(), row?.fields.tags], ['1', '192.0.2.1', 'a']);
    const headed = 'IOC,ID\n192.0.2.1,1\n';
    assert.deepEqual(await all(csvRows(pieces(headed, 100), CSV, createTally())), [
      { where: 2, fields: { ioc: '192.0.2.1', id: '1' } },
    ]);
  });

  it('loses one row by a stray quote, and says so', async () => {
    const tally = createTally();
    const rows = await all(csvRows(pieces('1,"a.example,x\n2,b.example,x\n', 100), CSV, tally));
    assert.deepEqual(
      rows.map(({ fields }) => fields.ioc),
      ['b.example'],
    );
    assert.deepEqual(tally.take().firstSkipped, 'line 1: a quote that is never closed');
  });

  it('takes a last line without its end when it is a whole row, and half a row for what it is', async () => {
    const rows = '"1","a.example","x"\n"2","b.example","y"';
    assert.equal((await all(csvRows(pieces(rows, 100), CSV, createTally()))).length, 2);
    for (const cut of [2, 5, 12]) {
      const broken = all(csvRows(pieces(rows.slice(0, -cut), 100), CSV, createTally()));
      await assert.rejects(broken, { code: 'FEED_CUT_OFF' }, String(cut));
    }
  });

  it('reads the same whatever the pieces it comes in', async () => {
    const text = '# "id","ioc","tags"\n"1","ä.example","x ""y"""\r\n\n"2","b.example",""\n"3","c.example",""';
    const whole = await all(csvRows(pieces(text, 1000), CSV, createTally()));
    assert.equal(whole.length, 3);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (size) => {
        assert.deepEqual(await all(csvRows(pieces(text, size), CSV, createTally())), whole);
      }),
      { numRuns: 30 },
    );
  });

  it('sees by the first byte whether it is CSV or JSON, and puts the id of an entry where its fields are', async () => {
    for (const size of [1, 3, 1000]) {
      const json = await all(
        exportRows(pieces(' \n{"17":[{"ioc":"a.example"}],"18":[{"ioc":"b.example"},7]}', size), EXPORT, createTally()),
      );
      assert.deepEqual(
        json.map(({ fields }) => fields),
        [
          { id: '17', ioc: 'a.example' },
          { id: '18', ioc: 'b.example' },
        ],
      );
      const csv = await all(exportRows(pieces('1,a.example,\n', size), EXPORT, createTally()));
      assert.equal(csv[0]?.fields.ioc, 'a.example');
    }
    assert.deepEqual(await all(exportRows(pieces('', 1), EXPORT, createTally())), []);
  });

  it('makes several records of a row, or counts why it makes none', async () => {
    const tally = createTally();
    async function* rows(): AsyncGenerator<Row[]> {
      yield [
        { fields: { n: 2 }, where: 1 },
        { fields: {}, where: 2 },
      ];
    }
    const read = (fields: Readonly<Record<string, unknown>>) =>
      fields.n === undefined ? 'nothing' : Array.from({ length: Number(fields.n) }, (_, n) => ({ indicator: `n${n}` }));
    const records = [];
    for await (const batch of rowRecords(rows(), read, tally)) records.push(...batch);
    assert.deepEqual(records, [{ indicator: 'n0' }, { indicator: 'n1' }]);
    assert.equal(tally.take().firstSkipped, 'line 2: nothing');
  });
});

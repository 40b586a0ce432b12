import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  beginTelling,
  headingOf,
  keepList,
  listFiles,
  type Member,
  readList,
  writeList,
} from '../../../ingest/snapshot/list-file.ts';
import { createMarks } from '../../../ingest/snapshot/marks.ts';
import { withdrawn } from '../../../ingest/snapshot/told-again.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-lists-'));
after(() => rmSync(folder, { recursive: true }));

const HEADING = { readAt: 5, fingerprint: 'f' };

async function* batches<T>(...all: T[][]): AsyncGenerator<T[]> {
  yield* all;
}
async function read(path: string): Promise<Member[]> {
  const members: Member[] = [];
  for await (const page of readList(path)) members.push(...page);
  return members;
}
const keyed = (number: number, value: object = {}): Member => ({
  key: number.toString(16).padStart(40, '0'),
  value: JSON.stringify(value),
  granted: number % 2 === 0,
});
const member = fc
  .record({
    key: fc.stringMatching(/^[0-9a-f]{40}$/),
    value: fc.dictionary(fc.string(), fc.string()).map((fields) => JSON.stringify(fields)),
    granted: fc.boolean(),
  })
  .map((each): Member => ({ ...each }));

describe('a list in a file', () => {
  it('comes back as it was written', async () => {
    const path = join(folder, 'round.list');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(member)), async (written) => {
        await writeList(path, { readAt: 17, fingerprint: 'f' }, batches(...written));
        assert.deepEqual(await read(path), written.flat());
        assert.deepEqual(await headingOf(path), { readAt: 17, fingerprint: 'f' });
      }),
      { numRuns: 50 },
    );
  });

  it('is packed, and read in pages', async () => {
    const path = join(folder, 'large.list');
    const all = Array.from({ length: 50_000 }, (_, number) =>
      keyed(number, { indicator: `a${number}.example`, tags: ['malicious'] }),
    );
    await writeList(path, HEADING, batches(all));
    assert.ok(statSync(path).size < 1_500_000);
    const sizes: number[] = [];
    for await (const page of readList(path)) sizes.push(page.length);
    assert.deepEqual(new Set(sizes), new Set([1000]));
  });

  it('that was cut off or is missing is no list', async () => {
    const path = join(folder, 'cut.list');
    await writeList(path, HEADING, batches(Array.from({ length: 5000 }, (_, number) => keyed(number))));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 20));
    await assert.rejects(read(path));
    writeFileSync(path, 'not packed');
    await assert.rejects(read(path));
    assert.equal(await headingOf(path), undefined);
    assert.equal(await headingOf(join(folder, 'nothing.list')), undefined);
  });

  it('fails with what its source says, and with words for a disk', async () => {
    async function* broken(): AsyncGenerator<Member[]> {
      yield [keyed(1)];
      throw new RangeError('the source broke');
    }
    await assert.rejects(writeList(join(folder, 'broken'), HEADING, broken()), {
      name: 'RangeError',
      message: 'the source broke',
    });
    await assert.rejects(writeList(join(folder, 'no', 'folder'), HEADING, batches([])), { code: 'FEED_LIST_FILE' });
  });

  it('replaces the last good one; what killed processes left goes, what is being written stays', async () => {
    const lists = join(folder, 'data', 'feeds');
    const first = await listFiles(lists, 'a', 100);
    for (const [file, age] of [
      ['a.1.next', 2],
      ['a.2.next', 0],
      ['a.b.3.next', 2],
      ['a.70-1.told', 2],
      ['a.90-2.told', 0],
      ['a.110-2.told', 0],
    ] as const) {
      writeFileSync(join(lists, file), '');
      utimesSync(join(lists, file), new Date(), new Date(Date.now() - age * 86_400_000));
    }
    await writeList(first.next, HEADING, batches([keyed(1)]));
    const again = await listFiles(lists, 'a', 100);
    assert.deepEqual(again.interrupted, [join(lists, 'a.90-2.told')], 'neither an old one nor a later one');
    const told = await beginTelling(again);
    assert.equal(existsSync(first.next), false);
    await keepList(told, again);
    assert.deepEqual(readdirSync(lists).sort(), ['a.110-2.told', 'a.2.next', 'a.b.3.next', 'a.list']);
    assert.deepEqual(await headingOf(first.last), HEADING);
  });
});

describe('what vanished from a list', () => {
  it('is the difference of two lists, with the ids of the source told apart', () => {
    const entry = fc.record({ number: fc.nat(300), ref: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }) });
    const toMember = ({ number, ref }: { number: number; ref: string | undefined }): Member => ({
      // ids are hashes: their first digits differ
      key: (number * 7919).toString(16).padStart(13, '0').padEnd(40, '0'),
      value: JSON.stringify({ indicator: `a${number}.example`, ...(ref === undefined ? {} : { ref }) }),
      granted: true,
    });
    const name = (each: Member): string => each.value;
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 2000 }), fc.array(entry, { maxLength: 2000 }), (before, now) => {
        const marks = createMarks();
        const present = new Set(now.map((each) => name(toMember(each))));
        for (const each of now) marks.add(toMember(each));
        for (const each of before.map(toMember)) assert.equal(marks.has(each), present.has(name(each)));
      }),
    );
  });

  it('is withdrawn at the moment of the reading, and once', () => {
    const now = '2026-11-24T06:00:00.000Z';
    const told = (value: object): Record<string, unknown> | undefined => {
      const gone = withdrawn({ key: 'k', value: JSON.stringify(value), granted: true }, now);
      return gone === undefined ? undefined : (JSON.parse(gone.value) as Record<string, unknown>);
    };
    assert.deepEqual(
      told({
        indicator: 'a.example',
        source: 's',
        ref: 'r',
        collected_at: '2026-11-23T06:00:00.000Z',
        valid_until: 'x',
      }),
      {
        indicator: 'a.example',
        source: 's',
        ref: 'r',
        last_seen: '2026-11-23T06:00:00.000Z',
        timestamp: now,
        collected_at: now,
        revoked: true,
      },
    );
    assert.equal(told({ indicator: 'a', timestamp: '2026-11-24T09:00:00Z' })?.timestamp, '2026-11-24T09:00:00Z');
    assert.equal(told({ indicator: 'a', revoked: true }), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readPushed } from '../../../ingest/formats/pushed.ts';

const LIMITS = { mostRecord: 1024, mostRecords: 50 };
const read = (body: string | Buffer, type = 'application/json', limits = LIMITS) =>
  readPushed(Buffer.from(body), type, limits);
const records = (body: string, type?: string): readonly object[] => {
  const pushed = read(body, type);
  return pushed.ok ? pushed.records : assert.fail(JSON.stringify(pushed.problems));
};
const problems = (body: string | Buffer, type?: string): readonly object[] => {
  const pushed = read(body, type);
  return pushed.ok ? assert.fail('it was taken') : pushed.problems;
};

describe('a pushed body', () => {
  it('is one object, an array, or an object a line, by its looks', () => {
    const [a, b] = [{ indicator: 'a.example' }, { indicator: 'b.example' }];
    const lines = `${JSON.stringify(a)}\n\r\n${JSON.stringify(b)}\r\n`;
    for (const type of ['application/json', 'application/x-www-form-urlencoded', '', 'text/plain']) {
      assert.deepEqual(records(JSON.stringify(a, null, 2), type), [a]);
      assert.deepEqual(records(`\n${JSON.stringify([a, b], null, 1)}`, type), [a, b]);
      assert.deepEqual(records(lines, type), [a, b]);
    }
    for (const type of ['application/x-ndjson', 'application/jsonlines; charset=utf-8']) {
      assert.deepEqual(records(lines, type), [a, b]);
      assert.deepEqual(records(JSON.stringify(a), type), [a]);
    }
  });

  it('with a mistake in it is refused whole, and every mistake is named', () => {
    assert.deepEqual(problems('{"indicator":"a"}\nnot json\n{"indicator":"b"}\n[1]\n'), [
      { line: 2, reason: 'not JSON' },
      { line: 4, reason: 'not a JSON object' },
    ]);
    assert.deepEqual(problems('[{}, 5, {}, "x"]'), [
      { element: 2, reason: 'not a JSON object' },
      { element: 4, reason: 'not a JSON object' },
    ]);
    assert.deepEqual(problems('[{},\n{},\n{"a" 1}]'), [{ line: 3, reason: 'not JSON' }]);
    assert.match(JSON.stringify(problems('{"a":1,\n"b":}')), /not JSON/);
    assert.deepEqual(problems('5'), [{ reason: 'not a JSON object' }]);
    for (const empty of ['[]', ' \n', '']) assert.equal(problems(empty).length, 1, JSON.stringify(empty));
    assert.deepEqual(problems(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), [{ reason: 'the body is not UTF-8' }]);
    assert.equal(problems('x\n'.repeat(1000), 'application/x-ndjson').length, 20);
  });

  it('is held to its limits', () => {
    assert.deepEqual(problems(`[{}, {"a":"${'x'.repeat(1100)}"}]`), [{ element: 2, reason: 'larger than 1 KB' }]);
    assert.deepEqual(problems(`{}\n{"a":"${'ä'.repeat(600)}"}\n`), [{ line: 2, reason: 'larger than 1 KB' }]);
    assert.match(JSON.stringify(problems('{}\n'.repeat(51))), /more than 50 records/);
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    assert.deepEqual(problems(deep), [{ reason: 'nested too deeply' }]);
  });

  it('gives back every record that was put into it, whichever way', () => {
    const record = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
    const some = fc.array(record, { minLength: 1, maxLength: 5 });
    const plain = (list: unknown): unknown => JSON.parse(JSON.stringify(list));
    fc.assert(
      fc.property(some, (list) => {
        const wanted = plain(list);
        for (const body of [JSON.stringify(list), list.map((each) => JSON.stringify(each)).join('\n')]) {
          const pushed = readPushed(Buffer.from(body), '', { mostRecord: 100_000, mostRecords: 50 });
          assert.ok(pushed.ok);
          assert.deepEqual(pushed.records, wanted);
        }
      }),
    );
  });
});

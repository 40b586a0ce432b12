import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStix2Reader } from '../../../../ingest/formats/stix2/reader.ts';
import { createTally } from '../../../../ingest/tally.ts';
import { indicates, indicator, inPieces, object, readText, uuid } from './bundle.ts';

const two = [indicator({}, 1), indicator({ pattern: "[url:value = 'https://x.example.org/']" }, 2)];

describe('STIX 2 documents', () => {
  it('are bundles, envelopes, arrays of either, and single objects', async () => {
    const bundle = { type: 'bundle', id: uuid('bundle', 1), objects: two };
    for (const document of [
      bundle,
      { objects: two, type: 'bundle' },
      { more: true, next: 'x', objects: two },
      { objects: two },
      two,
      [bundle],
      [{ ...bundle, objects: two.slice(1) }, two[0]],
    ]) {
      for (const indent of [0, 2]) {
        const { records, error, report } = await readText(JSON.stringify(document, null, indent));
        assert.equal(error, undefined);
        assert.deepEqual(
          records.map(({ ref }) => ref).sort(),
          two.map(({ id }) => id),
          JSON.stringify(document),
        );
        assert.equal(report.skipped, 0);
      }
    }
    assert.equal((await readText(JSON.stringify(two[0]))).records.length, 1);
    const observed = object('observed-data', 1, { objects: { '0': { type: 'ipv4-addr', value: '192.0.2.1' } } });
    assert.equal((await readText(JSON.stringify(observed))).records.length, 1);
    assert.equal((await readText(JSON.stringify({ type: 'bundle', objects: two[0] }))).records.length, 1);
  });

  it('may hold nothing', async () => {
    for (const text of ['{}', '[]', '{"objects":[]}', '{"more":false}', '{"type":"bundle","id":"bundle--1"}']) {
      const { records, error, report } = await readText(text);
      assert.deepEqual([records, error, report.skipped], [[], undefined, 0], text);
    }
  });

  it('that are none of STIX are refused', async () => {
    for (const text of ['{"title":"Unauthorized"}', '17', '"text"', 'null']) {
      assert.equal((await readText(text)).error?.code, 'FEED_SHAPE', text);
    }
    assert.equal((await readText('<html>')).error?.code, 'FEED_NOT_JSON');
    assert.equal((await readText('')).error?.code, 'FEED_NOT_JSON');
  });

  it('with a broken object lose that object alone', async () => {
    const good = JSON.stringify(two[0]);
    const text = `{"objects":[{"type":"indicator","id":tru},17,${good},{"id":"x"},{"type":"relationship","id":"relationship--1"}]}`;
    const { records, report, error } = await readText(text);
    assert.equal(error, undefined);
    assert.equal(records.length, 1);
    assert.equal(report.skipped, 4);
    assert.match(String(report.firstSkipped), /^line 1: an object that is not JSON/);
  });

  it('with an object that is too large lose that object alone', async () => {
    const large = indicator({ description: 'x'.repeat(3000) }, 3);
    for (const document of [{ objects: [large, ...two] }, [...two, large], large]) {
      const { records, report } = await readText(JSON.stringify(document), { maxElement: 2000 });
      assert.equal(records.length, document === large ? 0 : 2);
      assert.equal(report.tooLong, 1);
    }
  });

  it('that break off give what can be told, and the byte', async () => {
    const id = uuid('marking-definition', 1);
    const objects = [
      ...two,
      indicator({ object_marking_refs: [id] }, 3),
      object('ipv4-addr', 1, { value: '192.0.2.1' }),
      object('marking-definition', 1, { definition_type: 'tlp', definition: { tlp: 'red' } }),
    ];
    const text = JSON.stringify({ objects });
    const end = text.indexOf('{"type":"marking-definition"') + 10;
    const { records, error, report } = await readText(text.slice(0, end));
    assert.equal(error?.code, 'FEED_NOT_JSON');
    assert.match(error.message, new RegExp(`byte ${end}\\b`));
    assert.deepEqual(
      records.map(({ ref }) => ref),
      two.map((each) => each.id),
    );
    assert.match(report.notes.join(), /2 objects were held back/);
  });

  it('tell what they hold that is no indicator', async () => {
    const { report } = await readText(
      JSON.stringify({
        objects: [object('report', 1), object('report', 2), { ...object('x-odd', 1), type: 'x-odd\u001b' }, ...two],
      }),
    );
    assert.deepEqual(report.notes, ['left out, as they name no indicator: x-odd 1']);
  });

  it('cannot be led astray by names and ids that look special', async () => {
    const text = `{"__proto__":{"polluted":1},"objects":[{"__proto__":{"x":1},"type":"indicator","id":"__proto__","pattern":"[domain-name:value = 'a.example.org']","labels":["__proto__","constructor"],"created_by_ref":"constructor","object_marking_refs":["toString"],"extensions":{"__proto__":1}}]}`;
    const { records } = await readText(text);
    assert.deepEqual(records[0]?.tags, ['__proto__', 'constructor']);
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  });
});

describe('pages of STIX 2', () => {
  const page = (objects: readonly unknown[], more?: string) =>
    inPieces(JSON.stringify({ ...(more === undefined ? {} : { more: true, next: more }), objects }));

  it('say what comes next', async () => {
    const reader = createStix2Reader({}, createTally());
    assert.deepEqual(await reader.read(page(two, 'abc')), { more: true, next: 'abc', objects: 2, bundle: undefined });
    assert.deepEqual(await reader.read(inPieces('{}')), {
      more: false,
      next: undefined,
      objects: 0,
      bundle: undefined,
    });
    reader.close();
  });

  it('that are read in one go are one document', async () => {
    const malware = object('malware', 1, { name: 'Botty' });
    const reader = createStix2Reader({}, createTally());
    await reader.read(page([indicator({}, 1)], 'a'));
    await reader.read(page([indicates(malware)], 'b'));
    await reader.read(page([malware]));
    const records = [...reader.records()].flat();
    assert.deepEqual(records[0]?.malware, ['Botty']);
    assert.deepEqual([...reader.records()], [], 'each is told once');
    reader.close();
  });

  it('know the names and markings of earlier ones, and learn them anew', async () => {
    const marked = (number: number) =>
      indicator({ object_marking_refs: [uuid('marking-definition', 1)], created_by_ref: uuid('identity', 1) }, number);
    const reader = createStix2Reader({}, createTally());
    await reader.read(page([marked(1)]));
    const [before] = [...reader.records()].flat();
    assert.equal(before?.tlp, undefined);
    await reader.read(
      page([object('marking-definition', 1, { name: 'TLP:AMBER' }), object('identity', 1, { name: 'Example Desk' })]),
    );
    assert.deepEqual([...reader.records()], []);
    await reader.read(page([marked(2)]));
    const [after] = [...reader.records()].flat();
    assert.equal(after?.tlp, 'AMBER');
    assert.equal(after?.context?.producer, 'Example Desk');
    reader.close();
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import { stix1Records } from '../../../../ingest/formats/stix1/records.ts';
import { PAGE_RECORDS } from '../../../../ingest/pages.ts';
import { createTally } from '../../../../ingest/tally.ts';
import {
  address,
  composition,
  domain,
  indicator,
  indicators,
  observable,
  observables,
  pattern,
  properties,
  read,
  stixPackage,
} from './package.ts';

/** Reads what a generator writes; what was read before an error comes with it. */
async function pour(document: Iterable<string>, options: { maxObject?: number } = {}) {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const text of document) yield Buffer.from(text);
  }
  const tally = createTally();
  const batches: number[] = [];
  const records: RawIndicator[] = [];
  let error: unknown;
  try {
    for await (const batch of stix1Records(bytes(), options, tally)) {
      batches.push(batch.length);
      records.push(...batch);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { records, batches, error, report: tally.take() };
}

const [START = '', END = ''] = stixPackage('|').split('|');

describe('a STIX 1 document', () => {
  const rich = stixPackage(
    indicators(
      indicator(
        'i1',
        `<i:Title>Ü &amp; 😀</i:Title><i:Observable id="ex:x">${composition('AND', observable('a', address('192.0.2.1')), '<c:Observable idref="ex:b"/>')}</i:Observable><i:Indicated_TTP><sc:TTP idref="ex:t"/></i:Indicated_TTP>`,
      ),
      indicator('i2', pattern('b', domain('a.example##comma##b.example'))),
      indicator('i3', pattern('f', properties('File', '<o:File_Name>x</o:File_Name>'))),
    ) +
      observables(observable('c', domain('<![CDATA[c.example]]>'))) +
      '<s:TTPs><s:TTP id="ex:t"><t:Title>Ünder</t:Title></s:TTP></s:TTPs>',
  );

  it('gives the same however it is cut', async () => {
    const whole = await read(rich, {}, 1_000_000);
    assert.equal(whole.records.length, 6);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), async (size) => {
        assert.deepEqual(await read(rich, {}, size), whole);
      }),
      { numRuns: 40 },
    );
  });

  it('that breaks off gives what it had said, what waits for the rest included, then the place', async () => {
    const cut = rich.slice(0, rich.indexOf('<s:TTPs>') + 12);
    const { records, error, report } = await pour([cut]);
    assert.equal(records.length, 6);
    assert.match(String(error), /cut off.*, at \d+:\d+$/);
    assert.deepEqual(report.notes, ['1 indicators name a TTP that the document does not hold']);
  });

  it('that is another kind of document says so', async () => {
    for (const other of ['<html><body/></html>', '<t:Poll_Response xmlns:t="urn:taxii"/>']) {
      const { error, records } = await pour([other]);
      assert.deepEqual([(error as { code?: string }).code, records], ['FEED_NOT_STIX', []]);
    }
  });

  it('may be observables alone', async () => {
    const body = stixPackage('').match(/xmlns:[^>]*?(?= id=)/)?.[0];
    const alone = `<c:Observables ${body}>${observable('o', domain('a.example'))}</c:Observables>`;
    assert.deepEqual((await read(alone)).values, ['domain a.example +']);
  });

  it('with a DTD, with entities or nested without end is refused after what came before', async () => {
    const before = indicators(indicator('i', pattern('o', domain('a.example'))));
    const deep = `<c:Observable>${composition('OR', '|')}</c:Observable>`.split('|')[0] ?? '';
    const cases: [string[], string][] = [
      [['<!DOCTYPE a [<!ENTITY b "c">]>', START, before, END], 'FEED_XML_HOSTILE'],
      [[START, before, '<s:Title>&b;</s:Title>', END], 'FEED_XML_BROKEN'],
      [[START, before, '<s:Observables>', deep.repeat(5000)], 'FEED_XML_HOSTILE'],
      [[START, before, '<q:Observables/>', END], 'FEED_XML_BROKEN'],
    ];
    for (const [document, code] of cases) {
      const { error, records } = await pour(document);
      assert.equal((error as { code?: string }).code, code);
      assert.equal(records.length, document[0] === START ? 1 : 0);
    }
  });

  it('comes in batches of limited size', async () => {
    const list = Array.from({ length: 2 * PAGE_RECORDS + 1 }, (_, n) => `h${n}.example`).join('##comma##');
    const { batches } = await pour([stixPackage(indicators(indicator('i', pattern('o', domain(list)))))]);
    assert.deepEqual(batches, [PAGE_RECORDS, PAGE_RECORDS, 1]);
  });

  it('may use any word for an id', async () => {
    const words = ['__proto__', 'constructor', 'toString', 'f:1'];
    const body = words
      .map((word) => `<s:Indicator id="${word}"><i:Observable idref="o-${word}"/></s:Indicator>`)
      .join('')
      .concat(
        words
          .map((word, n) => observable('', domain(`h${n}.example`), 'i:Observable', `id="o-${word}"`))
          .map((each) => `<s:Indicator>${each}</s:Indicator>`)
          .join(''),
      );
    const { records } = await read(stixPackage(`<s:Indicators>${body}</s:Indicators>`));
    assert.deepEqual(records.map(({ ref }) => ref).sort(), [...words, ...words.map((word) => `o-${word}`)].sort());
  });
});

describe('an object that is too large', () => {
  const maxObject = 20_000;
  const list = Array.from({ length: 3000 }, (_, n) => `h${n}.example`).join('##comma##');

  it('costs itself alone', async () => {
    const { values, report } = await read(
      stixPackage(
        indicators(
          indicator('i1', pattern('o1', domain('a.example'))),
          indicator('i2', pattern('o2', domain(list))),
          indicator('i3', pattern('o3', domain('b.example'))),
          indicator(
            'i4',
            `<i:Observable id="ex:o4">${composition('AND', observable('o5', domain(list)), observable('o6', domain('c.example')))}</i:Observable>`,
          ),
        ),
      ),
      { maxObject },
    );
    // what could not be read is a condition all the same
    assert.deepEqual(values, ['domain a.example', 'domain b.example', 'domain c.example +']);
    assert.equal(report.tooLong, 2);
  });

  it('is so by its own contents, not by the observables in it', async () => {
    function* document(): Generator<string> {
      yield `${START}<s:Indicators><s:Indicator id="ex:i"><i:Observable><c:Observable_Composition operator="OR">`;
      for (let n = 0; n < 20_000; n += 1) yield observable(`o${n}`, domain(`h${n}.example`));
      yield `</c:Observable_Composition></i:Observable><i:Confidence><sc:Value>High</sc:Value></i:Confidence></s:Indicator></s:Indicators>${END}`;
    }
    const { records, report, error } = await pour(document(), { maxObject });
    assert.equal(error, undefined);
    assert.equal(new Set(records.map((record) => record.indicator)).size, 20_000);
    assert.ok(
      records.every(({ ref, confidence, composite }) => ref === 'ex:i' && confidence === 85 && composite === undefined),
    );
    assert.deepEqual([report.tooLong, report.skipped], [0, 0]);
  });

  it('is not so by samples, mails and rules, of which nothing is read', async () => {
    function* document(): Generator<string> {
      yield `${START}<s:Indicators><s:Indicator id="ex:i"><i:Observable><c:Object><c:Properties xsi:type="o:ArtifactObjectType"><o:Raw_Artifact><![CDATA[`;
      for (let n = 0; n < 200; n += 1) yield 'QUJD'.repeat(16_384);
      yield ']]></o:Raw_Artifact><o:Hashes><cc:Hash><cc:Simple_Hash_Value>0123456789abcdef0123456789abcdef</cc:Simple_Hash_Value></cc:Hash></o:Hashes></c:Properties></c:Object></i:Observable><i:Test_Mechanisms><i:Test_Mechanism xsi:type="i:SnortTestMechanismType"><i:Rule>';
      for (let n = 0; n < 200; n += 1) yield 'rule '.repeat(10_000);
      yield `</i:Rule></i:Test_Mechanism></i:Test_Mechanisms></s:Indicator></s:Indicators>${END}`;
    }
    const { records, report } = await pour(document(), { maxObject });
    assert.deepEqual(
      records.map(({ type, context }) => [type, context?.test_mechanisms]),
      [['md5', 'Snort']],
    );
    assert.equal(report.tooLong, 0);
  });

  it('does not grow with what people write', async () => {
    const { records } = await read(
      stixPackage(
        indicators(
          indicator(
            'i',
            `<i:Description>${'long '.repeat(50_000)}</i:Description>${pattern('o', domain('a.example'))}`,
          ),
        ),
      ),
      { maxObject: 100_000 },
    );
    assert.equal(records[0]?.description?.length, 2000);
  });
});

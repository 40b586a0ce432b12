import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createStix1Reader } from '../../../../ingest/formats/stix1/reader.ts';
import { createXmlStream } from '../../../../ingest/formats/xml-stream.ts';
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
  shown,
  stixPackage,
} from './package.ts';

const byReference = (id: string) => `<c:Observable idref="ex:${id}"/>`;
const looksFor = (id: string) => `<i:Observable idref="ex:${id}"/>`;
const composed = (id: string, operator: string, ...operands: string[]) =>
  `<i:Observable id="ex:${id}">${composition(operator, ...operands)}</i:Observable>`;
const related = (reference: string, relationship = 'Resolved_To') =>
  `<c:Related_Object idref="ex:${reference}"><c:Relationship>${relationship}</c:Relationship></c:Related_Object>`;

async function valuesOf(body: string): Promise<string[]> {
  return (await read(stixPackage(body))).values;
}

describe('a composition', () => {
  const a = observable('a', address('192.0.2.1'));
  const b = observable('b', domain('b.example'));
  const c = observable('', domain('c.example'));
  const found = (fields: string) => valuesOf(indicators(indicator('i', fields)));

  it('gives values that stand for themselves when one is enough', async () => {
    assert.deepEqual(await found(composed('x', 'OR', a, b, c)), [
      'ip 192.0.2.1',
      'domain b.example',
      'domain c.example',
    ]);
  });

  it('gives values that count together when all are needed', async () => {
    assert.deepEqual(await found(composed('x', 'AND', a, b)), ['ip 192.0.2.1 +', 'domain b.example +']);
    assert.deepEqual(await found(composed('x', 'AND', a)), ['ip 192.0.2.1']);
  });

  it('binds what is inside it, however deep', async () => {
    const inner = `<c:Observable>${composition('OR', a, b)}</c:Observable>`;
    assert.deepEqual(await found(composed('x', 'AND', inner, c)), [
      'ip 192.0.2.1 +',
      'domain b.example +',
      'domain c.example +',
    ]);
    const bound = `<c:Observable>${composition('AND', a, b)}</c:Observable>`;
    assert.deepEqual(await found(composed('x', 'OR', bound, c)), [
      'ip 192.0.2.1 +',
      'domain b.example +',
      'domain c.example',
    ]);
  });

  it('is a condition also where a part of it gives no value', async () => {
    const mute = observable('m', properties('Port', '<o:Port_Value>80</o:Port_Value>'));
    assert.deepEqual(await found(composed('x', 'AND', a, mute)), ['ip 192.0.2.1 +']);
    assert.deepEqual(await found(composed('x', 'OR', a, mute)), ['ip 192.0.2.1']);
  });

  it('names a value once, which stands for itself if it does so anywhere', async () => {
    const bound = `<c:Observable>${composition('AND', a, b)}</c:Observable>`;
    assert.deepEqual(await found(composed('x', 'OR', bound, a, a)), ['ip 192.0.2.1', 'domain b.example +']);
  });

  it('gives nothing of what must not be there', async () => {
    const absent = observable('n', domain('n.example'), 'c:Observable', 'negate="true"');
    assert.deepEqual(await found(composed('x', 'AND', a, absent)), ['ip 192.0.2.1 +']);
    assert.deepEqual(await found(composed('x', 'OR', absent)), []);
    const { values, report } = await read(
      stixPackage(indicators(indicator('i', pattern('o', domain('a.example')), 'negate="true"'))),
    );
    assert.deepEqual([values, report.skipped], [[], 1]);
  });

  it('of indicators gives what each says, and what they say together', async () => {
    const one = indicator('one', pattern('o1', domain('a.example')));
    const two = indicator('two', pattern('o2', domain('b.example')));
    const both = (operator: string, ...inside: string[]) =>
      indicator(
        'both',
        `<i:Composite_Indicator_Expression operator="${operator}">${inside.join('')}</i:Composite_Indicator_Expression>`,
      );
    const refs = ['<i:Indicator idref="ex:one"/>', '<i:Indicator idref="ex:two"/>'];
    const listed = async (body: string) => {
      const { records } = await read(stixPackage(body));
      return records.map((record) => `${record.ref} ${shown(record)}`).sort();
    };

    assert.deepEqual(await listed(indicators(both('AND', ...refs), one, two)), [
      'ex:both domain a.example +',
      'ex:both domain b.example +',
      'ex:one domain a.example',
      'ex:two domain b.example',
    ]);
    assert.deepEqual(await listed(indicators(both('OR', ...refs), one, two)), [
      'ex:both domain a.example',
      'ex:both domain b.example',
      'ex:one domain a.example',
      'ex:two domain b.example',
    ]);
    assert.deepEqual(await listed(indicators(both('OR', one, two))), [
      'ex:both domain a.example',
      'ex:both domain b.example',
      'ex:one domain a.example',
      'ex:two domain b.example',
    ]);
    // inside an AND neither is said by itself
    assert.deepEqual(await listed(indicators(both('AND', one, two))), [
      'ex:both domain a.example +',
      'ex:both domain b.example +',
    ]);
  });
});

describe('a reference', () => {
  const listed = observables(observable('a', address('192.0.2.1')));
  const looking = indicators(indicator('i', looksFor('a')));

  it('leads back and ahead', async () => {
    assert.deepEqual(await valuesOf(listed + looking), ['ip 192.0.2.1']);
    assert.deepEqual(await valuesOf(looking + listed), ['ip 192.0.2.1']);
  });

  it('leads to an observable inside another indicator', async () => {
    const body = indicators(
      indicator('i1', composed('x', 'AND', byReference('y'), observable('z', domain('z.example')))),
      indicator(
        'i2',
        `<i:Observable id="ex:y">${composition('OR', byReference('a'), observable('b', domain('b.example')))}</i:Observable>`,
      ),
      indicator('i3', pattern('a', address('192.0.2.1'))),
      indicator('i4', looksFor('x')),
    );
    const { records } = await read(stixPackage(body));
    const of = (ref: string) => records.filter((record) => record.ref === ref).map(shown);
    assert.deepEqual(of('ex:i1'), ['ip 192.0.2.1 +', 'domain b.example +', 'domain z.example +']);
    assert.deepEqual(of('ex:i2'), ['ip 192.0.2.1', 'domain b.example']);
    assert.deepEqual(of('ex:i3'), ['ip 192.0.2.1']);
    assert.deepEqual(of('ex:i4'), of('ex:i1'));
  });

  it('leads to objects, which count with the one that is related to them', async () => {
    const host = `<c:Observable id="ex:d"><c:Object id="ex:object-d">${domain('d.example')}<c:Related_Objects>${related('object-a')}</c:Related_Objects></c:Object></c:Observable>`;
    const expected = ['domain d.example', 'ip 192.0.2.1 +'];
    assert.deepEqual(
      await valuesOf(
        observables(host, observable('a', address('192.0.2.1'))) + indicators(indicator('i', looksFor('d'))),
      ),
      expected,
    );
    assert.deepEqual(
      await valuesOf(
        indicators(indicator('i', looksFor('d'))) + observables(observable('a', address('192.0.2.1')), host),
      ),
      expected,
    );
    const whole = `<c:Observable id="ex:w"><c:Object idref="ex:object-a"/></c:Observable>`;
    assert.deepEqual(
      await valuesOf(
        indicators(indicator('i', looksFor('w'))) + observables(observable('a', address('192.0.2.1')), whole),
      ),
      ['ip 192.0.2.1'],
    );
  });

  it('beside contents is none', async () => {
    const both = observable('a', domain('a.example'), 'i:Observable', 'idref="ex:elsewhere"');
    assert.deepEqual(await valuesOf(indicators(indicator('i', both))), ['domain a.example']);
  });

  it('to nothing is counted and costs itself alone', async () => {
    const { values, report } = await read(
      stixPackage(
        indicators(
          indicator('i1', composed('x', 'OR', byReference('gone'), observable('b', domain('b.example')))),
          indicator('i2', looksFor('gone')),
          indicator('i3', pattern('c', domain('c.example'))),
        ),
      ),
    );
    assert.deepEqual(values.sort(), ['domain b.example', 'domain c.example']);
    assert.equal(report.skipped, 2);
    assert.match(report.firstSkipped ?? '', /line 2: it refers to ex:gone, which is not in the document/);
  });

  it('in a circle ends', async () => {
    const circle = observables(
      `<c:Observable id="ex:a">${composition('OR', byReference('b'), observable('x', domain('x.example')))}</c:Observable>`,
      `<c:Observable id="ex:b">${composition('AND', byReference('a'), observable('y', domain('y.example')))}</c:Observable>`,
    );
    assert.deepEqual(await valuesOf(circle + indicators(indicator('i', looksFor('a')))), [
      'domain y.example +',
      'domain x.example',
    ]);
  });

  it('that multiplies does not', async () => {
    // each doubles the one before: 2 to the power of 200 ways to one value
    const ladder = Array.from({ length: 200 }, (_, n) => {
      const below = n === 0 ? observable('x', domain('x.example')) : byReference(`step-${n - 1}`);
      return `<c:Observable id="ex:step-${n}">${composition('OR', below, below)}</c:Observable>`;
    });
    assert.deepEqual(await valuesOf(observables(...ladder) + indicators(indicator('i', looksFor('step-199')))), [
      'domain x.example',
    ]);
  });

  it('finds what is defined anywhere in the same order of things, wherever that stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const parts = [
          indicators(indicator('i', composed('x', 'AND', byReference('a'), byReference('b')))),
          observables(observable('a', address('192.0.2.1'))),
          observables(
            `<c:Observable id="ex:b">${composition('OR', byReference('c'), byReference('d'))}</c:Observable>`,
          ),
          observables(observable('c', domain('c.example'))),
          indicators(indicator('j', pattern('d', domain('d.example')))),
        ];
        const { records } = await read(stixPackage(order.map((at) => parts[at]).join('')));
        const said = records.map((record) => `${record.ref} ${shown(record)}`).sort();
        assert.deepEqual(said, [
          'ex:i domain c.example +',
          'ex:i domain d.example +',
          'ex:i ip 192.0.2.1 +',
          'ex:j domain d.example',
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it('crosses packages that go through one reader, each by itself or as text', () => {
    const tally = createTally();
    const reader = createStix1Reader({}, tally);
    const packages = [
      indicators(indicator('i', `${looksFor('a')}<i:Indicated_TTP><sc:TTP idref="ex:t"/></i:Indicated_TTP>`)),
      observables(observable('a', address('192.0.2.1'))),
      '<s:TTPs><s:TTP id="ex:t"><t:Behavior><t:Malware><t:Malware_Instance><t:Name>Zeus</t:Name></t:Malware_Instance></t:Malware></t:Behavior></s:TTP></s:TTPs>',
    ];
    try {
      for (const body of packages) {
        const stream = createXmlStream(reader);
        stream.writeText(stixPackage(body));
        stream.end();
        assert.deepEqual(reader.take(), []);
      }
      reader.end();
      const [record, ...others] = reader.take();
      assert.deepEqual([record?.indicator, record?.malware, others.length], ['192.0.2.1', ['Zeus'], 0]);
      assert.deepEqual(reader.take(), []);
    } finally {
      reader.release();
    }
  });

  it('is followed after a document that broke off', () => {
    const reader = createStix1Reader({}, createTally());
    try {
      const broken = createXmlStream(reader);
      broken.writeText(
        stixPackage(observables(observable('a', address('192.0.2.1')), '<c:Observable id="ex:cut">')).slice(0, -45),
      );
      assert.throws(() => broken.end(), { code: 'FEED_XML_BROKEN' });
      reader.breakOff();
      const whole = createXmlStream(reader);
      whole.writeText(stixPackage(indicators(indicator('i', looksFor('a')))));
      whole.end();
      assert.deepEqual(reader.take().map(shown), ['ip 192.0.2.1']);
    } finally {
      reader.release();
    }
  });
});

describe('an indicator that revokes another', () => {
  it('takes back what that one said', async () => {
    const revoking = indicator(
      'new',
      '<i:Related_Indicators><i:Related_Indicator><sc:Relationship>Revokes</sc:Relationship><sc:Indicator idref="ex:old"/></i:Related_Indicator></i:Related_Indicators>',
      'timestamp="2024-05-01T00:00:00Z"',
    );
    const old = indicator('old', pattern('o', domain('a.example')), 'timestamp="2024-04-01T00:00:00Z"');
    for (const body of [indicators(old, revoking), indicators(revoking, old)]) {
      const { records, report } = await read(stixPackage(body));
      assert.deepEqual(
        records
          .map(({ ref, indicator: value, revoked, timestamp }) => [ref, value, revoked, timestamp?.slice(0, 10)])
          .sort(),
        [
          ['ex:old', 'a.example', undefined, '2024-04-01'],
          ['ex:old', 'a.example', true, '2024-05-01'],
        ],
      );
      assert.equal(report.skipped, 0);
    }
  });
});

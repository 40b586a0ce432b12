import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import {
  address,
  composition,
  domain,
  indicator,
  indicators,
  observable,
  observables,
  pattern,
  read,
  shown,
  stixPackage,
} from './package.ts';

const LOOKS = pattern('o', domain('a.example'));

/** The one record of an indicator with these fields behind its observable. */
async function recordOf(fields: string, attributes = '', around = ''): Promise<RawIndicator> {
  const { records } = await read(stixPackage(`${around}${indicators(indicator('i', LOOKS + fields, attributes))}`));
  const [record, ...others] = records;
  assert.ok(record !== undefined && others.length === 0);
  return record;
}

const tlpMarking = (colour: string, xpath = '//node()') =>
  `<m:Marking><m:Controlled_Structure>${xpath}</m:Controlled_Structure><m:Marking_Structure xsi:type="tlp:TLPMarkingStructureType" color="${colour}"/></m:Marking>`;
const header = (...markings: string[]) =>
  `<s:STIX_Header><s:Handling>${markings.join('')}</s:Handling></s:STIX_Header>`;

describe('an indicator', () => {
  it('gives its own id, times and words', async () => {
    const record = await recordOf(
      '<i:Title>Title</i:Title><i:Type>IP Watchlist</i:Type><i:Type>C2</i:Type><i:Description>What\n  it is</i:Description>',
      'timestamp="2024-05-08T09:00:00.123456Z"',
    );
    assert.deepEqual(record, {
      indicator: 'a.example',
      type: 'domain',
      ref: 'ex:i',
      timestamp: '2024-05-08T09:00:00.123456Z',
      description: 'Title: What it is',
      categories: ['IP Watchlist', 'C2'],
      event_id: 'ex:package-1',
    });
  });

  it('without a time has that of its package, and without a zone that is UTC', async () => {
    assert.equal((await recordOf('')).timestamp, '2024-01-01T00:00:00Z');
    assert.equal((await recordOf('', 'timestamp="2024-05-08T09:00:00"')).timestamp, '2024-05-08T09:00:00Z');
    assert.equal((await recordOf('', 'timestamp="yesterday"')).timestamp, '2024-01-01T00:00:00Z');
  });

  it('without an id goes by that of its observable', async () => {
    const { records } = await read(stixPackage(indicators(`<s:Indicator>${LOOKS}</s:Indicator>`)));
    assert.deepEqual(
      records.map((record) => record.ref),
      ['ex:o'],
    );
  });

  const LEVELS: readonly [string, number | undefined][] = [
    ['High', 85],
    ['Medium', 50],
    ['low', 15],
    ['None', 0],
    ['Unknown', undefined],
    ['', undefined],
    ['75', 75],
    ['75.4 %', 75],
    ['101', undefined],
    ['-1', undefined],
    ['6 of 10', undefined],
  ];
  for (const [told, expected] of LEVELS) {
    it(`is sure to ${expected ?? 'an untold degree'} when it says "${told}"`, async () => {
      const record = await recordOf(
        `<i:Likely_Impact><sc:Value>${told}</sc:Value></i:Likely_Impact><i:Confidence><sc:Value>${told}</sc:Value></i:Confidence>`,
      );
      assert.deepEqual([record.confidence, record.severity], [expected, expected]);
    });
  }

  it('with an empty Confidence has none', async () => {
    assert.equal('confidence' in (await recordOf('<i:Confidence/>')), false);
  });

  const position = (start: string, end: string) =>
    `<i:Valid_Time_Position><i:Start_Time>${start}</i:Start_Time>${end === '' ? '' : `<i:End_Time precision="minute">${end}</i:End_Time>`}</i:Valid_Time_Position>`;

  it('is valid until the last of its times', async () => {
    const early = position('2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z');
    const late = position('2024-03-01T00:00:00Z', '2024-04-01T00:00:00+02:00');
    const record = await recordOf(late + early);
    assert.deepEqual([record.valid_until, record.valid_from], ['2024-04-01T00:00:00+02:00', '2024-01-01T00:00:00Z']);
    assert.equal((await recordOf(early + position('2024-05-01T00:00:00Z', ''))).valid_until, undefined);
    assert.equal((await recordOf(position('2024-05-01T00:00:00Z', '9999-12-31T00:00:00Z'))).valid_until, undefined);
    assert.equal((await recordOf('<i:Valid_Time_Position/>')).valid_until, undefined);
  });

  it('was seen when its sightings say', async () => {
    const record = await recordOf(
      '<i:Sightings sightings_count="12"><i:Sighting timestamp="2024-02-01T00:00:00Z"/><i:Sighting timestamp="2024-01-01T00:00:00Z"/><i:Sighting timestamp="9999-12-31T00:00:00Z"/><i:Sighting/></i:Sightings>',
    );
    assert.deepEqual(
      [record.first_seen, record.last_seen, record.sightings],
      ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z', 12],
    );
  });

  it('notes rules, kill chain, producer and other names', async () => {
    const record = await recordOf(
      `<i:Alternative_ID>CISCP-1</i:Alternative_ID>
       <i:Kill_Chain_Phases><sc:Kill_Chain_Phase name="Delivery"/></i:Kill_Chain_Phases>
       <i:Test_Mechanisms><i:Test_Mechanism xsi:type="i:YaraTestMechanismType"><i:Rule><![CDATA[rule a { condition: <c:Observable> }]]></i:Rule></i:Test_Mechanism><i:Test_Mechanism xsi:type="i:SnortTestMechanismType"/></i:Test_Mechanisms>
       <i:Producer><sc:Identity><sc:Name>Example CERT</sc:Name></sc:Identity><sc:References><sc:Reference>https://example.org/report</sc:Reference></sc:References></i:Producer>`,
    );
    assert.deepEqual(record.context, {
      alternative_id: 'CISCP-1',
      kill_chain: 'Delivery',
      test_mechanisms: 'Yara, Snort',
      producer: 'Example CERT',
    });
    assert.equal(record.reference, 'https://example.org/report');
  });

  it('without an observable is counted', async () => {
    const { records, report } = await read(stixPackage(indicators(indicator('i', '<i:Title>x</i:Title>'))));
    assert.deepEqual(records, []);
    assert.match(report.firstSkipped ?? '', /line 2: an indicator without an observable/);
  });

  it('is found wherever it stands', async () => {
    const inside = (element: string) =>
      `<s:Campaigns><s:Campaign><s:Related_Indicators><s:Related_Indicator>${indicator('i', LOOKS).replaceAll('s:Indicator', element)}</s:Related_Indicator></s:Related_Indicators></s:Campaign></s:Campaigns>`;
    const within = indicator(
      'outer',
      `${pattern('p', domain('b.example'))}<i:Related_Indicators><i:Related_Indicator>${indicator('i', LOOKS)}</i:Related_Indicator></i:Related_Indicators>`,
    );
    assert.deepEqual((await read(stixPackage(inside('sc:Indicator')))).values, ['domain a.example']);
    assert.deepEqual((await read(stixPackage(indicators(within)))).values, ['domain a.example', 'domain b.example']);
    const report = `<s:Reports><s:Report timestamp="2024-02-02T00:00:00Z">${indicators(indicator('i', LOOKS))}</s:Report></s:Reports>`;
    assert.equal((await read(stixPackage(report))).records[0]?.timestamp, '2024-02-02T00:00:00Z');
  });

  it('is the same in the other family of namespaces', async () => {
    const document = stixPackage(indicators(indicator('i', LOOKS)));
    const other = document
      .replace('http://stix.mitre.org/stix-1', 'http://docs.oasis-open.org/cti/ns/stix/core-1')
      .replace('http://cybox.mitre.org/cybox-2', 'http://docs.oasis-open.org/cti/ns/cybox/core-2')
      .replace('version="1.2"', 'version="stix-1.2.1"');
    assert.notEqual(other, document);
    assert.deepEqual((await read(other)).records, (await read(document)).records);
  });
});

describe('a TTP', () => {
  const ttp = (id: string, inside: string) =>
    `<s:TTP id="ex:${id}" timestamp="2024-03-03T00:00:00Z"><t:Title>Title of ${id}</t:Title>${inside}</s:TTP>`;
  const malware = (...names: string[]) =>
    `<t:Behavior><t:Malware><t:Malware_Instance><t:Type>Remote Access Trojan</t:Type>${names.map((name) => `<t:Name>${name}</t:Name>`).join('')}</t:Malware_Instance></t:Malware></t:Behavior>`;
  const indicated = (...inside: string[]) =>
    inside.map((each) => `<i:Indicated_TTP>${each}</i:Indicated_TTP>`).join('');
  const listed = (...all: string[]) => `<s:TTPs>${all.join('')}</s:TTPs>`;

  it('names the malware of what indicates it, by reference or inside', async () => {
    const fields = indicated(
      '<sc:TTP idref="ex:one"/>',
      ttp('two', malware('Poison Ivy')).replaceAll('s:TTP', 'sc:TTP'),
    );
    for (const order of ['ahead', 'behind']) {
      const one = listed(ttp('one', malware('Zeus', 'Zbot')));
      const own = indicators(indicator('i', `<i:Type>C2</i:Type>${LOOKS}${fields}`));
      const { records } = await read(stixPackage(order === 'ahead' ? one + own : own + one));
      assert.deepEqual(
        records.map(({ malware: names, categories, context }) => [names, categories, context?.ttps]),
        [[['Zeus', 'Zbot', 'Poison Ivy'], ['C2', 'Remote Access Trojan'], 'Title of one, Title of two']],
      );
    }
  });

  it('that names a sample by its hash is known by its title', async () => {
    const { records } = await read(
      stixPackage(
        indicators(indicator('i', LOOKS + indicated('<sc:TTP idref="ex:t"/>'))) +
          listed(ttp('t', malware('0123456789abcdef0123456789abcdef'))),
      ),
    );
    assert.deepEqual(records[0]?.malware, ['Title of t']);
  });

  it('that is nowhere costs its names only', async () => {
    const { values, report } = await read(
      stixPackage(indicators(indicator('i', LOOKS + indicated('<sc:TTP idref="ex:t"/>')))),
    );
    assert.deepEqual(values, ['domain a.example']);
    assert.deepEqual(report.notes, ['1 indicators name a TTP that the document does not hold']);
  });

  it('marks what takes its names', async () => {
    const handling = `<t:Handling>${tlpMarking('RED')}</t:Handling>`;
    const { records } = await read(
      stixPackage(
        header(tlpMarking('GREEN')) +
          listed(ttp('t', malware('Zeus') + handling)) +
          indicators(indicator('i', LOOKS + indicated('<sc:TTP idref="ex:t"/>'))),
      ),
    );
    assert.equal(records[0]?.tlp, 'RED');
  });

  it('tells the infrastructure of the attacker', async () => {
    const resources = `<t:Resources><t:Infrastructure><t:Type>Malware C2</t:Type><t:Observable_Characterization>${observable('', address('192.0.2.1'))}<c:Observable idref="ex:o2"/></t:Observable_Characterization></t:Infrastructure></t:Resources>`;
    const { records } = await read(
      stixPackage(listed(ttp('t', malware('Zeus') + resources)) + observables(observable('o2', address('192.0.2.2')))),
    );
    assert.deepEqual(records.map(shown), ['ip 192.0.2.1', 'ip 192.0.2.2']);
    for (const record of records) {
      assert.deepEqual(
        [record.ref, record.categories, record.malware, record.timestamp, record.tags],
        ['ex:t', ['infrastructure', 'Malware C2', 'Remote Access Trojan'], ['Zeus'], '2024-03-03T00:00:00Z', undefined],
      );
    }
  });
});

describe('a marking', () => {
  const tlpOf = async (...markings: string[]) => (await recordOf('', '', header(...markings))).tlp;

  it('of the package holds for all in it', async () => {
    for (const xpath of [
      '//node()',
      '//node() | //@*',
      '',
      '../../../../descendant-or-self::node()',
      '../../../descendant-or-self::node() | ../../../descendant-or-self::node()/@*',
      '//stix:Indicator/descendant-or-self::node()',
    ]) {
      assert.equal(await tlpOf(tlpMarking('AMBER', xpath)), 'AMBER', xpath);
    }
  });

  it('of things that give no indicators holds for none', async () => {
    for (const xpath of [
      '//stix:Threat_Actor/descendant-or-self::node()',
      '//coa:Course_Of_Action[1]//node() | //coa:Course_Of_Action//@*',
      '/stix:STIX_Package/stix:STIX_Header/node()',
    ]) {
      assert.equal(await tlpOf(tlpMarking('RED', xpath), tlpMarking('GREEN')), 'GREEN', xpath);
    }
  });

  it('of a thing by its id holds for that one', async () => {
    const marks = header(
      tlpMarking('GREEN'),
      tlpMarking('RED', "//stix:Indicator[@id='ex:i2']/descendant-or-self::node()"),
    );
    const { records } = await read(
      stixPackage(
        marks +
          indicators(
            indicator('i1', pattern('o1', domain('a.example'))),
            indicator('i2', pattern('o2', domain('b.example'))),
          ),
      ),
    );
    assert.deepEqual(
      records.map(({ ref, tlp }) => [ref, tlp]),
      [
        ['ex:i1', 'GREEN'],
        ['ex:i2', 'RED'],
      ],
    );
  });

  it('that is stricter binds', async () => {
    assert.equal(await tlpOf(tlpMarking('GREEN'), tlpMarking('RED'), tlpMarking('WHITE')), 'RED');
    const own = `<i:Handling>${tlpMarking('WHITE', '../../../descendant-or-self::node()')}</i:Handling>`;
    assert.equal((await recordOf(own, '', header(tlpMarking('AMBER')))).tlp, 'AMBER');
    assert.equal((await recordOf(own)).tlp, 'CLEAR');
  });

  it('of an outer package holds in a package inside', async () => {
    const inner = `<s:Related_Packages><s:Related_Package><s:Package id="ex:inner" version="1.2">${header(tlpMarking('GREEN'))}${indicators(indicator('i', LOOKS))}</s:Package></s:Related_Package></s:Related_Packages>`;
    const { records } = await read(
      stixPackage(header(tlpMarking('AMBER')) + inner + indicators(indicator('j', pattern('p', domain('b.example'))))),
    );
    assert.deepEqual(
      records.map(({ ref, tlp, event_id }) => [ref, tlp, event_id]),
      [
        ['ex:i', 'AMBER', 'ex:inner'],
        ['ex:j', 'AMBER', 'ex:package-1'],
      ],
    );
  });

  it('may be of AIS, a statement, or of ISA', async () => {
    const structure = (type: string, inside: string) =>
      `<m:Marking><m:Controlled_Structure>//node()</m:Controlled_Structure><m:Marking_Structure xsi:type="ais:${type}">${inside}</m:Marking_Structure></m:Marking>`;
    const ais = structure(
      'AISMarkingStructure',
      '<ais:Not_Proprietary CISA_Proprietary="false"><ais:AISConsent consent="NONE"/><ais:TLPMarking color="GREEN"/></ais:Not_Proprietary>',
    );
    assert.equal(await tlpOf(ais), 'GREEN');
    assert.equal(
      await tlpOf(structure('SimpleMarkingStructureType', '<ais:Statement>TLP:AMBER+STRICT</ais:Statement>')),
      'AMBER+STRICT',
    );
    assert.equal(
      await tlpOf(structure('SimpleMarkingStructureType', '<ais:Statement>Red Hat Inc.</ais:Statement>')),
      undefined,
    );
    const isa = await recordOf(
      '',
      '',
      header(structure('ISAMarkingsAssertionType', '<ais:ControlSet>CLS:U FD:FOUO</ais:ControlSet>')),
    );
    assert.deepEqual([isa.tlp, isa.context?.isa_controls], [undefined, 'CLS:U FD:FOUO']);
  });

  it('of a report holds in the report', async () => {
    const report = `<s:Reports><s:Report id="ex:r"><s:Header><s:Handling>${tlpMarking('RED')}</s:Handling></s:Header>${indicators(indicator('i', LOOKS))}</s:Report></s:Reports>`;
    const { records } = await read(stixPackage(report + indicators(indicator('j', pattern('p', domain('b.example'))))));
    assert.deepEqual(
      records.map(({ ref, tlp }) => [ref, tlp]),
      [
        ['ex:i', 'RED'],
        ['ex:j', undefined],
      ],
    );
  });
});

describe('an observable outside any indicator', () => {
  const bare = observables(observable('o', address('192.0.2.1')));
  const at = (before: string, behind: string) => `${before}${observable('v', address('192.0.2.9'))}${behind}`;

  it('is kept as what was only observed', async () => {
    const { records } = await read(stixPackage(bare));
    assert.deepEqual(records, [
      {
        indicator: '192.0.2.1',
        type: 'ip',
        ref: 'ex:o',
        timestamp: '2024-01-01T00:00:00Z',
        tags: ['observable'],
        confidence: 0,
        composite: true,
        event_id: 'ex:package-1',
      },
    ]);
  });

  it('is an indicator for whoever trusts the source to mean that, and nothing for whoever wants none', async () => {
    const { records } = await read(stixPackage(bare), { trustObservables: true });
    assert.deepEqual(
      records.map(({ confidence, tags, composite }) => [confidence, tags, composite]),
      [[undefined, undefined, undefined]],
    );
    assert.deepEqual((await read(stixPackage(bare), { observables: false })).records, []);
  });

  it('is in a composition what it is there', async () => {
    const all = observables(
      `<c:Observable id="ex:x">${composition('OR', observable('a', domain('a.example')), observable('b', domain('b.example')))}</c:Observable>`,
    );
    assert.deepEqual((await read(stixPackage(all))).values, ['domain a.example +', 'domain b.example +']);
    assert.deepEqual((await read(stixPackage(all), { trustObservables: true })).values, [
      'domain a.example',
      'domain b.example',
    ]);
  });

  it('is said once, by the indicator that refers to it', async () => {
    for (const body of [
      bare + indicators(indicator('i', '<i:Observable idref="ex:o"/>')),
      indicators(indicator('i', '<i:Observable idref="ex:o"/>')) + bare,
    ]) {
      assert.deepEqual((await read(stixPackage(body))).values, ['ip 192.0.2.1']);
    }
  });

  const VICTIMS: readonly [string, string][] = [
    [
      at(
        '<s:TTPs><s:TTP><t:Victim_Targeting><t:Targeted_Technical_Details>',
        '</t:Targeted_Technical_Details></t:Victim_Targeting></s:TTP></s:TTPs>',
      ),
      'targeted by a TTP',
    ],
    [
      at(
        '<s:Incidents><s:Incident><inc:Affected_Assets><inc:Affected_Asset><inc:Structured_Description>',
        '</inc:Structured_Description></inc:Affected_Asset></inc:Affected_Assets></s:Incident></s:Incidents>',
      ),
      'affected by an incident',
    ],
    [at('<s:Incidents><s:Incident><inc:Victim>', '</inc:Victim></s:Incident></s:Incidents>'), 'the victim'],
    [
      `<s:Incidents><s:Incident><inc:Affected_Assets><inc:Affected_Asset><inc:Structured_Description><c:Observable idref="ex:v"/></inc:Structured_Description></inc:Affected_Asset></inc:Affected_Assets></s:Incident></s:Incidents>${observables(observable('v', address('192.0.2.9')))}`,
      'affected, by reference',
    ],
  ];
  for (const [body, name] of VICTIMS) {
    it(`is never a record when it is ${name}`, async () => {
      for (const trustObservables of [false, true]) {
        const { records, report } = await read(stixPackage(body), { trustObservables });
        assert.deepEqual([records, report.skipped], [[], 1]);
        assert.match(report.firstSkipped ?? '', /victim/);
      }
    });
  }

  const OBSERVED: readonly [string, string][] = [
    [
      at(
        '<s:Incidents><s:Incident><inc:Related_Observables><inc:Related_Observable>',
        '</inc:Related_Observable></inc:Related_Observables></s:Incident></s:Incidents>',
      ),
      'of an incident',
    ],
    [
      at(
        `<s:Indicators><s:Indicator id="ex:i">${LOOKS}<i:Sightings><i:Sighting><i:Related_Observables><i:Related_Observable>`,
        '</i:Related_Observable></i:Related_Observables></i:Sighting></i:Sightings></s:Indicator></s:Indicators>',
      ),
      'of a sighting',
    ],
    [
      at(
        '<s:Courses_Of_Action><s:Course_Of_Action><s:Parameter_Observables>',
        '</s:Parameter_Observables></s:Course_Of_Action></s:Courses_Of_Action>',
      ),
      'of a course of action',
    ],
  ];
  for (const [body, name] of OBSERVED) {
    it(`is never acted on when it is ${name}`, async () => {
      const { records } = await read(stixPackage(body), { trustObservables: true });
      const record = records.find((each) => each.indicator === '192.0.2.9');
      assert.deepEqual([record?.composite, record?.confidence, record?.tags], [true, 0, ['observable']]);
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf } from '../../../../core/process/errors.ts';
import { recognise } from '../../../../ingest/formats/recognise/recognise.ts';
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
  stixPackage,
} from './package.ts';

const SHA256 = '0123456789abcdef'.repeat(4);
const MD5 = '0123456789abcdef'.repeat(2);

const equals = (value: unknown) => ({ value, condition: 'Equals' });
const seen = (id: string, inside: object) => ({
  id: `ex:${id}`,
  object: { id: `ex:object-${id}`, properties: inside },
});
const pack = (fields: object) =>
  JSON.stringify({ id: 'ex:package-1', version: '1.2', timestamp: '2024-01-01T00:00:00Z', ...fields });

/** What stands in `properties`, and the values that it names; `+`: not by itself. */
const OBJECTS: readonly [string, object, readonly string[]][] = [
  [
    'an address',
    { address_value: equals('192.0.2.1'), category: 'ipv4-addr', is_source: false, 'xsi:type': 'AddressObjectType' },
    ['ip 192.0.2.1'],
  ],
  [
    'an address without a condition, of a type with a prefix',
    { 'xsi:type': 'AddressObj:AddressObjectType', category: 'ipv4-addr', address_value: '192.0.2.1' },
    ['ip 192.0.2.1'],
  ],
  [
    'several addresses',
    { address_value: equals(['192.0.2.1', '192.0.2.2']), category: 'ipv4-addr', 'xsi:type': 'AddressObjectType' },
    ['ip 192.0.2.1', 'ip 192.0.2.2'],
  ],
  ['a domain', { value: equals('evil.example'), 'xsi:type': 'DomainNameObjectType' }, ['domain evil.example']],
  [
    'a URL that is a plain value',
    { value: 'http://evil.example/a,b', type: 'URL', 'xsi:type': 'URIObjectType' },
    ['url http://evil.example/a,b'],
  ],
  [
    'what only begins so',
    { value: { value: 'http://evil.example/', condition: 'StartsWith' }, type: 'URL', 'xsi:type': 'URIObjectType' },
    [],
  ],
  [
    'hashes of a file',
    {
      hashes: [
        { type: { value: 'SHA256', 'xsi:type': 'cyboxVocabs:HashNameVocab-1.0' }, simple_hash_value: equals(SHA256) },
        { type: 'MD5', simple_hash_value: MD5 },
      ],
      file_name: 'a.exe',
      'xsi:type': 'FileObjectType',
    },
    [`sha256 ${SHA256}`, `md5 ${MD5}`],
  ],
  ['a file by its name alone', { file_name: equals('a.exe'), 'xsi:type': 'FileObjectType' }, []],
  [
    'a host',
    { hostname_value: equals('c2.evil.example'), 'xsi:type': 'HostnameObjectType' },
    ['domain c2.evil.example'],
  ],
  ['a mutex', { name: equals('m1'), 'xsi:type': 'MutexObjectType' }, ['mutex m1']],
  [
    'an e-mail',
    {
      header: { from: { address_value: 'a@evil.example', category: 'e-mail', 'xsi:type': 'AddressObjectType' } },
      attachments: [{ object_reference: 'ex:object-none' }],
      'xsi:type': 'EmailMessageObjectType',
    },
    ['email a@evil.example +'],
  ],
  [
    'a request to a host',
    {
      http_request_response: [
        {
          http_client_request: {
            http_request_header: { parsed_header: { host: { domain_name: { value: equals('evil.example') } } } },
          },
        },
      ],
      'xsi:type': 'HTTPSessionObjectType',
    },
    ['domain evil.example'],
  ],
  [
    'a connection',
    {
      destination_socket_address: {
        ip_address: { address_value: equals('192.0.2.1'), category: 'ipv4-addr', 'xsi:type': 'AddressObjectType' },
        port: { port_value: equals(443), 'xsi:type': 'PortObjectType' },
      },
      'xsi:type': 'NetworkConnectionObjectType',
    },
    ['ip 192.0.2.1'],
  ],
];

describe('objects of CybOX in JSON', () => {
  for (const [name, inside, expected] of OBJECTS) {
    it(name, async () => {
      const { values } = await read(pack({ indicators: [{ id: 'ex:i', observable: seen('o', inside) }] }));
      assert.deepEqual(values, expected);
    });
  }
});

describe('a document in JSON says what the same document in XML says', () => {
  const ip = { address_value: equals('192.0.2.1'), category: 'ipv4-addr', 'xsi:type': 'AddressObjectType' };
  const name = { value: 'evil.example', type: 'FQDN', 'xsi:type': 'DomainNameObjectType' };
  const marking = (color: string) => [
    { controlled_structure: '//node()', marking_structures: [{ color, 'xsi:type': 'tlp:TLPMarkingStructureType' }] },
  ];
  const markingXml = (color: string) =>
    `<s:Handling><m:Marking><m:Controlled_Structure>//node()</m:Controlled_Structure><m:Marking_Structure xsi:type="tlp:TLPMarkingStructureType" color="${color}"/></m:Marking></s:Handling>`;

  const PAIRS: readonly [string, object, string][] = [
    [
      'an indicator with all that is said of it',
      {
        indicators: [
          {
            id: 'ex:i',
            timestamp: '2024-02-01T00:00:00',
            title: 'T',
            description: 'D',
            indicator_types: [{ value: 'IP Watchlist', 'xsi:type': 'stixVocabs:IndicatorTypeVocab-1.1' }],
            observable: seen('o', ip),
            confidence: { value: { value: 'High', 'xsi:type': 'stixVocabs:HighMediumLowVocab-1.0' } },
            valid_time_positions: [{ start_time: { value: '2024-02-02T00:00:00Z', precision: 'second' } }],
            handling: marking('AMBER'),
            kill_chain_phases: { kill_chain_phases: [{ name: 'Delivery', phase_id: 'ex:k' }] },
            sightings: { sightings_count: 3, sightings: [{ timestamp: '2024-02-03T00:00:00Z' }] },
            producer: { identity: { name: 'X' }, references: ['https://example.org/r'] },
            indicated_ttps: [{ ttp: { idref: 'ex:t', related_packages: {} } }],
            related_indicators: {},
            suggested_coas: {},
          },
        ],
        ttps: {
          ttps: [{ id: 'ex:t', title: 'W', behavior: { malware_instances: [{ names: ['Rat'], types: ['Bot'] }] } }],
        },
      },
      indicators(
        indicator(
          'i',
          `<i:Title>T</i:Title><i:Type>IP Watchlist</i:Type><i:Description>D</i:Description>
           <i:Valid_Time_Position><i:Start_Time>2024-02-02T00:00:00Z</i:Start_Time></i:Valid_Time_Position>
           ${pattern('o', address('192.0.2.1'))}
           <i:Indicated_TTP><sc:TTP idref="ex:t"/></i:Indicated_TTP>
           <i:Kill_Chain_Phases><sc:Kill_Chain_Phase name="Delivery"/></i:Kill_Chain_Phases>
           <i:Confidence><sc:Value>High</sc:Value></i:Confidence>
           <i:Sightings sightings_count="3"><i:Sighting timestamp="2024-02-03T00:00:00Z"/></i:Sightings>
           ${markingXml('AMBER')}
           <i:Producer><sc:Identity><sc:Name>X</sc:Name></sc:Identity><sc:References><sc:Reference>https://example.org/r</sc:Reference></sc:References></i:Producer>`,
          'timestamp="2024-02-01T00:00:00"',
        ),
      ) +
        '<s:TTPs><s:TTP id="ex:t"><t:Title>W</t:Title><t:Behavior><t:Malware><t:Malware_Instance><t:Type>Bot</t:Type><t:Name>Rat</t:Name></t:Malware_Instance></t:Malware></t:Behavior></s:TTP></s:TTPs>',
    ],
    [
      'a header that stands behind what it speaks of',
      {
        indicators: [{ id: 'ex:i', observable: seen('o', ip) }],
        stix_header: {
          title: 'H',
          handling: marking('RED'),
          information_source: { identity: { name: 'P' }, time: { produced_time: '2023-01-01T00:00:00Z' } },
        },
      },
      `<s:STIX_Header><s:Title>H</s:Title>${markingXml('RED')}<s:Information_Source><sc:Identity><sc:Name>P</sc:Name></sc:Identity><sc:Time><c:Produced_Time>2023-01-01T00:00:00Z</c:Produced_Time></sc:Time></s:Information_Source></s:STIX_Header>` +
        indicators(indicator('i', pattern('o', address('192.0.2.1')))),
    ],
    [
      'a composition, a reference and an observable that nobody speaks of',
      {
        observables: {
          cybox_major_version: '2',
          cybox_minor_version: '1',
          observables: [seen('a', ip), seen('b', { ...ip, address_value: '192.0.2.9' })],
        },
        indicators: [
          {
            id: 'ex:i',
            observable: {
              id: 'ex:c',
              observable_composition: { operator: 'AND', observables: [{ idref: 'ex:a' }, seen('d', name)] },
            },
          },
          {
            id: 'ex:j',
            composite_indicator_expression: { operator: 'OR', indicators: [{ idref: 'ex:k' }] },
          },
          { id: 'ex:k', negate: true, observable: seen('e', ip) },
        ],
      },
      observables(observable('a', address('192.0.2.1')), observable('b', address('192.0.2.9'))) +
        indicators(
          indicator(
            'i',
            `<i:Observable id="ex:c">${composition('AND', '<c:Observable idref="ex:a"/>', observable('d', domain('evil.example')))}</i:Observable>`,
          ),
          indicator(
            'j',
            '<i:Composite_Indicator_Expression operator="OR"><i:Indicator idref="ex:k"/></i:Composite_Indicator_Expression>',
          ),
          indicator('k', pattern('e', address('192.0.2.1')), 'negate="true"'),
        ),
    ],
    [
      'what MISP exports: indicators and observables that an incident is related to',
      {
        related_packages: {
          related_packages: [
            {
              package: {
                id: 'ex:inner',
                version: '1.1.1',
                incidents: [
                  {
                    id: 'ex:incident',
                    related_indicators: {
                      indicators: [
                        { relationship: 'Network activity', indicator: { id: 'ex:i', observable: seen('o', ip) } },
                      ],
                    },
                    related_observables: { observables: [{ relationship: 'x', observable: seen('p', name) }] },
                    victims: [{ name: 'V' }],
                    leveraged_ttps: { ttps: [{ relationship: 'x', ttp: { idref: 'ex:t', related_packages: {} } }] },
                  },
                ],
              },
            },
          ],
        },
      },
      `<s:Related_Packages><s:Related_Package><s:Package id="ex:inner" version="1.1.1"><s:Incidents><s:Incident id="ex:incident">
         <inc:Related_Indicators><inc:Related_Indicator><sc:Relationship>Network activity</sc:Relationship>${indicator('i', pattern('o', address('192.0.2.1')))}</inc:Related_Indicator></inc:Related_Indicators>
         <inc:Related_Observables><inc:Related_Observable><sc:Relationship>x</sc:Relationship>${observable('p', domain('evil.example'))}</inc:Related_Observable></inc:Related_Observables>
       </s:Incident></s:Incidents></s:Package></s:Related_Package></s:Related_Packages>`,
    ],
    [
      'infrastructure, and what was attacked',
      {
        ttps: {
          ttps: [
            {
              id: 'ex:t',
              title: 'I',
              resources: {
                infrastructure: {
                  types: ['C2'],
                  observable_characterization: { cybox_major_version: '2', observables: [seen('o', ip)] },
                },
              },
              victim_targeting: { targeted_technical_details: { observables: [seen('v', name)] } },
            },
          ],
        },
      },
      `<s:TTPs><s:TTP id="ex:t"><t:Title>I</t:Title><t:Resources><t:Infrastructure><t:Type>C2</t:Type><t:Observable_Characterization>${observable('o', address('192.0.2.1'))}</t:Observable_Characterization></t:Infrastructure></t:Resources><t:Victim_Targeting><t:Targeted_Technical_Details>${observable('v', domain('evil.example'))}</t:Targeted_Technical_Details></t:Victim_Targeting></s:TTP></s:TTPs>`,
    ],
    [
      'objects that were seen with one',
      {
        indicators: [
          {
            id: 'ex:i',
            observable: {
              id: 'ex:o',
              object: {
                id: 'ex:object-o',
                properties: name,
                related_objects: [{ properties: ip, relationship: { value: 'Resolved_To' } }],
              },
            },
          },
        ],
      },
      indicators(
        indicator(
          'i',
          `<i:Observable id="ex:o"><c:Object id="ex:object-o">${domain('evil.example')}<c:Related_Objects><c:Related_Object>${address('192.0.2.1')}</c:Related_Object></c:Related_Objects></c:Object></i:Observable>`,
        ),
      ),
    ],
  ];
  for (const [title, json, xml] of PAIRS) {
    it(title, async () => {
      const told = await read(pack(json));
      const same = await read(stixPackage(xml));
      assert.ok(same.records.length > 0 || same.report.skipped > 0);
      assert.deepEqual(told.records, same.records);
      assert.equal(told.report.skipped, same.report.skipped);
    });
  }
});

describe('JSON that is STIX 1 or is not', () => {
  it('is recognised by what it holds', () => {
    const documents = [
      pack({ stix_header: { title: 'x' } }),
      `[${pack({ stix_header: {} })}]`,
      '{"timestamp":"2024-01-01T00:00:00","observables":{"cybox_major_version":"2"},"id":"ex:STIXPackage-1","version":"1.1.1"}',
      '{"indicators":[{"observable":{"object":{"properties":{"xsi:type":"FileObjectType"}}}}]}',
      '{"cybox_major_version":"2","observables":[{"object":{}}]}',
      '{"id":"ex:Indicator-1","observable":{"object":{"properties":{"address_value":"192.0.2.1"}}}}',
      '{"id":"ex:Observable-1","object":{"properties":{"address_value":"192.0.2.1"}}}',
    ];
    for (const document of documents) {
      const { format, reason } = recognise(Buffer.from(document), { whole: true });
      assert.equal(format, 'stix1', `${document}: ${reason}`);
    }
    const others = [
      '{"id":"1","object":{"properties":{"a":1}}}',
      '{"version":"1.2","id":"x"}',
      '{"observable":{"a":1}}',
    ];
    for (const document of others)
      assert.equal(recognise(Buffer.from(document), { whole: true }).format, undefined, document);
  });

  it('is refused when it is none, cut off, or without end', async () => {
    const deep = `{"stix_header":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
    for (const [document, code] of [
      ['{"a":1}', 'FEED_NOT_STIX'],
      ['{"stix_header":{"a":', 'FEED_NOT_JSON'],
      ['[1]', 'FEED_NOT_STIX'],
      [deep, 'FEED_NOT_STIX'],
    ] as const)
      await assert.rejects(read(document), (error) => codeOf(error) === code, document.slice(0, 40));
  });

  it('costs itself alone when one object is larger than allowed', async () => {
    const large = { id: 'ex:l', observable: seen('l', { file_name: 'x'.repeat(5000), 'xsi:type': 'FileObjectType' }) };
    const small = { id: 'ex:s', observable: seen('s', { value: 'evil.example', 'xsi:type': 'DomainNameObjectType' }) };
    const { values, report } = await read(pack({ indicators: [large, small] }), { maxObject: 4000 });
    assert.deepEqual(values, ['domain evil.example']);
    assert.equal(report.tooLong, 1);
  });

  it('may come as a list of packages that refer to each other', async () => {
    const text = `[${pack({ indicators: [{ id: 'ex:i', observable: { idref: 'ex:a' } }] })},${pack({
      id: 'ex:p2',
      observables: {
        observables: [seen('a', { value: 'http://evil.example/', type: 'URL', 'xsi:type': 'URIObjectType' })],
      },
    })}]`;
    const { values, report } = await read(text, {}, 7);
    assert.deepEqual(values, ['url http://evil.example/'], report.firstSkipped);
  });
});

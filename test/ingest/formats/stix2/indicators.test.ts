import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indicates, indicator, object, read, readOne, uuid } from './bundle.ts';

const FOREVER = '9999-12-31T23:59:59Z';

describe('STIX 2 indicators', () => {
  it('become one record a value, with what the indicator says', async () => {
    const record = await readOne(
      indicator({
        name: 'Fake shop',
        description: 'Seen in a campaign',
        confidence: 80,
        valid_until: '2026-09-01T00:00:00.123456Z',
        indicator_types: ['malicious-activity'],
        labels: ['shop'],
        modified: '2026-03-02T10:11:12.123456Z',
        kill_chain_phases: [{ kill_chain_name: 'lockheed-martin-cyber-kill-chain', phase_name: 'delivery' }],
        external_references: [
          { source_name: 'desk', external_id: 'D-17' },
          { source_name: 'report', url: 'https://example.net/report' },
        ],
        created_by_ref: uuid('identity', 1),
        x_desk_score: 7,
      }),
      object('identity', 1, { name: 'Example Desk' }),
    );
    assert.deepEqual(record, {
      indicator: 'bad.example.org',
      type: 'domain',
      ref: uuid('indicator', 1),
      timestamp: '2026-03-02T10:11:12.123456Z',
      valid_from: '2026-03-01T00:00:00Z',
      valid_until: '2026-09-01T00:00:00.123456Z',
      description: 'Fake shop: Seen in a campaign',
      reference: 'https://example.net/report',
      confidence: 80,
      tags: ['shop'],
      categories: ['malicious-activity'],
      event_id: uuid('bundle', 0),
      context: {
        kill_chain: 'delivery',
        external_ids: 'desk D-17',
        producer: 'Example Desk',
        x_desk_score: 7,
      },
    });
  });

  it('share the ref when a pattern names several values, and say which do not stand alone', async () => {
    const either = await read([indicator({ pattern: "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]" })]);
    assert.deepEqual(
      either.records.map(({ indicator: value, ref, composite }) => [value, ref, composite]),
      [
        ['192.0.2.1', uuid('indicator', 1), undefined],
        ['192.0.2.2', uuid('indicator', 1), undefined],
      ],
    );
    const pattern = "[domain-name:value = 'a.example.org' AND url:value = 'https://b.example.org/x']";
    const both = await read([indicator({ pattern })]);
    assert.deepEqual(
      both.records.map(({ composite, context }) => [composite, context?.pattern]),
      [
        [true, pattern],
        [true, pattern],
      ],
    );
  });

  it('name no value twice', async () => {
    const pattern =
      "[domain-name:value = 'bad.example.org' AND file:size = 3] OR [domain-name:value = 'BAD.example.org']";
    const { records } = await read([indicator({ pattern })]);
    assert.equal(records.length, 1);
    assert.equal(records[0]?.composite, undefined, 'it stands alone in one of the two places');
  });

  it('are told as their newest version, wherever it stands', async () => {
    const versions = [
      indicator({ modified: '2026-03-02T00:00:00.000Z', confidence: 10 }),
      indicator({ modified: '2026-03-02T00:00:00.000002Z', confidence: 30 }),
      indicator({ modified: '2026-03-02T00:00:00.000001Z', confidence: 20 }),
    ];
    for (const order of [versions, versions.toReversed()]) {
      const record = await readOne(...order);
      assert.equal(record.confidence, 30);
      assert.equal(record.timestamp, '2026-03-02T00:00:00.000002Z');
    }
  });

  it('of one id and time with different patterns are all told, whatever their order, and that is said', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) =>
      indicator({ pattern: `[domain-name:value = '${name}.example.org']`, name }),
    );
    const told: unknown[] = [];
    for (const order of [
      [a, b, c, b],
      [c, a, b, a],
      [b, c, a, c],
    ]) {
      const { records, report } = await read(order);
      assert.deepEqual(records.map(({ indicator: value }) => value).sort(), [
        'a.example.org',
        'b.example.org',
        'c.example.org',
      ]);
      assert.equal(new Set(records.map(({ ref }) => ref)).size, 3);
      for (const { ref, object_id } of records) assert.equal(ref?.startsWith(String(object_id ?? ref)), true);
      assert.match(report.notes.join(), /2 indicators have the id and the time of another/);
      told.push(records.map((record) => JSON.stringify(record)).sort());
    }
    assert.deepEqual(told[1], told[0]);
    assert.deepEqual(told[2], told[0]);
  });

  it('are one when they differ in other words only, or when a later version or a withdrawal has come', async () => {
    const other = { pattern: "[domain-name:value = 'other.example.org']" };
    for (const objects of [
      [indicator({ name: 'a' }), indicator({ name: 'b' })],
      [indicator(), indicator(other), indicator({ modified: '2026-04-01T00:00:00Z' })],
      [indicator({ modified: '2026-04-01T00:00:00Z' }), indicator(), indicator(other)],
      [indicator(other), indicator({ revoked: true })],
    ]) {
      const { records, report } = await read(objects);
      assert.equal(records.length, 1);
      assert.equal(records[0]?.ref, uuid('indicator', 1));
      assert.equal(records[0]?.object_id, undefined);
      assert.deepEqual(report.notes, []);
    }
  });

  it('one of which has a broken pattern cost that one alone', async () => {
    for (const pattern of ['[broken', '[zzz broken']) {
      const { records, report } = await read([indicator({ pattern }), indicator()]);
      assert.equal(records.length, 1);
      assert.equal(report.skipped, 1);
    }
  });

  it('name the report that they stand in, else the bundle', async () => {
    const report = (number: number, modified: string) =>
      object('report', number, { name: 'r', modified, object_refs: [uuid('indicator', 1), uuid('indicator', 9)] });
    const said = await read([
      indicator({}, 1),
      indicator({ pattern: "[url:value = 'http://a.example/']" }, 2),
      report(1, '2026-03-03T00:00:00Z'),
      report(2, '2026-03-02T00:00:00Z'),
    ]);
    assert.deepEqual(
      said.records.map(({ event_id }) => event_id),
      [uuid('report', 1), uuid('bundle', 0)],
    );
    assert.deepEqual(said.report.notes, [], 'a report names what is told elsewhere');
  });

  it('tell of one file all its hashes, and what else is said of it', async () => {
    const md5 = 'd41d8cd98f00b204e9800998ecf8427f';
    const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80708';
    const pattern = `[file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-1' = '${sha1}' AND file:name = 'a.exe']`;
    const { records } = await read([indicator({ pattern })]);
    const file = { name: 'a.exe', hashes: { md5, sha1 } };
    assert.deepEqual(
      records.map(({ type, composite, file: known }) => [type, composite, known]),
      [
        ['md5', undefined, file],
        ['sha1', undefined, file],
      ],
    );
  });

  it('are revoked by a version that says so', async () => {
    const record = await readOne(indicator(), indicator({ revoked: true, modified: '2026-04-01T00:00:00Z' }));
    assert.equal(record.revoked, true);
    const tie = await readOne(indicator({ revoked: true }), indicator());
    assert.equal(tie.revoked, true, 'of two versions with one time the withdrawal counts');
  });

  it('keep valid_from apart from first_seen, also when it is still to come, and take year 9999 for no end', async () => {
    const record = await readOne(indicator({ valid_from: '2099-01-01T00:00:00Z', valid_until: FOREVER }));
    assert.equal(record.first_seen, undefined);
    assert.equal(record.valid_until, undefined);
    assert.equal(record.valid_from, '2099-01-01T00:00:00Z');
  });

  it('lose a time that is none, not themselves', async () => {
    const record = await readOne(indicator({ modified: '2026-02-30T00:00:00Z', valid_until: 'soon' }));
    assert.equal(record.timestamp, '2026-03-01T00:00:00.000Z', 'created stands in');
    assert.equal(record.valid_until, undefined);
  });

  it('take the confidence as number or as a word of the None/Low/Med/High scale', async () => {
    for (const [told, read] of [
      [0, 0],
      [100, 100],
      ['55', 55],
      ['Low', 15],
      ['Med', 50],
      ['High', 85],
      [101, undefined],
      [-1, undefined],
      ['sure', undefined],
    ] as const) {
      assert.equal((await readOne(indicator({ confidence: told }))).confidence, read, String(told));
    }
  });

  it('have types in labels in STIX 2.0, and what ThreatStream writes there is read', async () => {
    const record = await readOne({
      ...indicator({
        labels: [
          'malicious-activity',
          'threatstream-severity-very-high',
          'threatstream-confidence-85',
          'tlp:green',
          'c2',
        ],
      }),
      pattern_type: undefined,
      spec_version: undefined,
    });
    assert.deepEqual(record.categories, ['malicious-activity']);
    assert.deepEqual(record.tags, ['c2']);
    assert.equal(record.severity, 95);
    assert.equal(record.confidence, 85);
    assert.equal(record.tlp, 'GREEN');
  });

  it("take OpenCTI's score for the severity, and never for the confidence", async () => {
    const extensions = { 'extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba': { score: 70 } };
    const record = await readOne(indicator({ extensions, labels: ['threatstream-severity-low'] }));
    assert.equal(record.severity, 70);
    assert.equal(record.confidence, undefined);
    assert.equal((await readOne(indicator({ x_opencti_score: 35 }))).severity, 35);
  });

  it('with a rule of another language are counted and left out', async () => {
    const { records, report } = await read([
      indicator({ pattern_type: 'yara', pattern: 'rule x { condition: true }' }, 1),
      indicator({ pattern_type: 'snort' }, 2),
      indicator({ pattern_type: 'STIX' }, 3),
    ]);
    assert.equal(records.length, 1);
    assert.match(report.notes.join(), /pattern of yara 1, indicator with a pattern of snort 1/);
  });

  it('with a broken pattern, or none that can be looked for, cost themselves alone', async () => {
    const { records, report } = await read([
      indicator({ pattern: "[domain-name:value = 'a.example.org' FOLLOWEDBY" }, 1),
      indicator({ pattern: "[process:command_line = 'x']" }, 2),
      indicator({ pattern: 17 }, 3),
      indicator({}, 4),
    ]);
    assert.deepEqual(
      records.map(({ ref }) => ref),
      [uuid('indicator', 4)],
    );
    assert.equal(report.skipped, 3);
    assert.match(String(report.firstSkipped), /^line 1: its pattern breaks at character \d+/);
  });

  it('without an id are told without a ref', async () => {
    const { records } = await read([
      { ...indicator(), id: undefined },
      { ...indicator({ pattern: "[url:value = 'https://x.example.org/']" }), id: 'a\tb' },
    ]);
    assert.deepEqual(
      records.map(({ ref }) => ref),
      [undefined, undefined],
    );
  });
});

describe('what STIX 2 indicators indicate', () => {
  const malware = object('malware', 1, { name: 'Botty', malware_types: ['backdoor'], is_family: true });
  const technique = object('attack-pattern', 1, {
    name: 'Web Protocols',
    external_references: [{ source_name: 'mitre-attack', external_id: 'T1071.001' }],
  });
  const actor = object('intrusion-set', 1, { name: 'Group 1' });
  const tool = object('tool', 1, { name: 'Remote shell' });

  it('names malware, techniques, actors, whether it stands before or behind', async () => {
    const all = [malware, technique, actor, tool];
    const relations = all.map((target, number) => indicates(target, {}, number));
    for (const objects of [
      [...all, ...relations, indicator()],
      [indicator(), ...relations, ...all],
    ]) {
      const record = await readOne(...objects);
      assert.deepEqual(record.malware, ['Botty']);
      assert.deepEqual(record.categories, ['backdoor']);
      assert.deepEqual(record.tags, ['T1071.001']);
      assert.equal(record.context?.attack_pattern, 'T1071.001 Web Protocols');
      assert.equal(record.context?.threat_actor, 'Group 1');
      assert.equal(record.context?.tool, 'Remote shell');
    }
  });

  it('is told in the same order whatever the order of the objects', async () => {
    const families = [3, 1, 2].map((number) => object('malware', number, { name: `Family ${number}` }));
    const objects = [...families, ...families.map((target, number) => indicates(target, {}, number)), indicator()];
    for (const order of [objects, objects.toReversed()]) {
      assert.deepEqual((await readOne(...order)).malware, ['Family 1', 'Family 2', 'Family 3']);
    }
  });

  it('is not told when relation or target are withdrawn, or the relation says something else', async () => {
    for (const objects of [
      [malware, indicates(malware), indicates(malware, { revoked: true, modified: '2026-04-01T00:00:00Z' })],
      [{ ...malware, revoked: true }, indicates(malware)],
      [malware, indicates(malware, { relationship_type: 'related-to' })],
      [indicates(malware)],
    ]) {
      assert.equal((await readOne(indicator(), ...objects)).malware, undefined);
    }
  });

  it('is told to the operator when the indicator was not there', async () => {
    const { report } = await read([malware, indicates(malware)]);
    assert.match(report.notes.join(), /of 1 indicators only relations or sightings/);
  });
});

describe('sightings in STIX 2', () => {
  const sighting = (number: number, fields: Record<string, unknown>) =>
    object('sighting', number, { sighting_of_ref: uuid('indicator', 1), modified: '2026-03-05T00:00:00Z', ...fields });

  it('make the indicator younger, and tell when it was seen first', async () => {
    const record = await readOne(
      sighting(1, { first_seen: '2026-03-10T00:00:00Z', last_seen: '2026-03-12T00:00:00Z', count: 5 }),
      indicator(),
      sighting(2, { last_seen: '2026-03-20T00:00:00.5Z' }),
      sighting(3, {}),
    );
    assert.equal(record.first_seen, '2026-03-10T00:00:00Z');
    assert.equal(record.last_seen, '2026-03-20T00:00:00.5Z');
    assert.equal(record.sightings, 7);
  });

  it('never make it older than its own last change', async () => {
    const record = await readOne(indicator(), sighting(1, { last_seen: '2026-01-01T00:00:00Z' }));
    assert.equal(record.last_seen, undefined);
    assert.equal(record.first_seen, '2026-01-01T00:00:00Z');
    assert.equal(record.context?.last_sighting, '2026-01-01T00:00:00Z');
  });

  it('are none when nothing was seen or they were taken back', async () => {
    const last_seen = '2026-03-20T00:00:00Z';
    const record = await readOne(
      indicator(),
      sighting(1, { last_seen, count: 0 }),
      sighting(2, { last_seen, x_opencti_negative: true }),
      sighting(3, { last_seen }),
      sighting(3, { last_seen, revoked: true, modified: '2026-03-21T00:00:00Z' }),
    );
    assert.equal(record.last_seen, undefined);
    assert.equal(record.context?.negative_sightings, 2);
    assert.equal(record.sightings, undefined);
  });
});

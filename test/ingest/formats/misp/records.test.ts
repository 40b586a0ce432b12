import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { codeOf, messageOf } from '../../../../core/process/errors.ts';
import { mispRecords } from '../../../../ingest/formats/misp/records.ts';
import { createTally } from '../../../../ingest/tally.ts';
import { attribute, event, type Json, readExport, STAMP, STAMP_ISO } from './export.ts';

const SHA256 = 'a'.repeat(64);
const tag = (name: string): Json => ({ name });
const values = (reading: Awaited<ReturnType<typeof readExport>>): string[] =>
  reading.records.map(({ indicator }) => indicator);

describe('an attribute of MISP', () => {
  it('becomes a record with all that its event says', async () => {
    const told = attribute('ip-dst|port', '192.0.2.1|443', {
      comment: 'C2 server',
      first_seen: '2023-11-01T00:00:00.000000+00:00',
      last_seen: '1699000000000000',
      Tag: [tag('tlp:amber'), tag('c2')],
    });
    const { records, report, error } = await readExport({
      Event: event([told], { Tag: [tag('tlp:green'), tag('misp-galaxy:malpedia="Emotet"'), tag('osint')] }),
    });
    assert.equal(error, undefined);
    assert.deepEqual([report.skipped, report.firstSkipped, report.tooLong, report.notes], [0, undefined, 0, []]);
    assert.deepEqual(records, [
      {
        indicator: '192.0.2.1',
        type: 'ip',
        ref: told.uuid,
        first_seen: '2023-11-01T00:00:00.000Z',
        last_seen: '2023-11-03T08:26:40.000Z',
        description: 'C2 server (A campaign)',
        categories: ['Network activity'],
        timestamp: STAMP_ISO,
        port: 443,
        event_id: '11111111-2222-4333-8444-555555555555',
        severity: 90,
        tags: ['c2', 'osint'],
        tlp: 'AMBER',
        malware: ['Emotet'],
        context: {
          event_info: 'A campaign',
          event_date: '2023-11-14',
          org: 'Example Org',
          misp_type: 'ip-dst|port',
        },
      },
    ]);
  });

  it('is told at the later change of attribute and event, and seen when it changed itself', async () => {
    const [older] = (
      await readExport({ Event: event([attribute('md5', 'x')], { timestamp: STAMP + 60, threat_level_id: 4 }) })
    ).records;
    assert.equal(older?.timestamp, '2023-11-14T22:14:20.000Z');
    assert.equal(older?.last_seen, STAMP_ISO);
    assert.equal(older !== undefined && 'severity' in older, false);
    const [newer] = (await readExport({ Event: event([attribute('md5', 'x')], { timestamp: 5 }) })).records;
    assert.equal(newer?.timestamp, STAMP_ISO);
    assert.equal(newer !== undefined && 'last_seen' in newer, false);
  });

  it('was never seen last before it was seen first', async () => {
    const seen = async (more: Json, ofEvent: Json = {}) => {
      const [record] = (await readExport({ Event: event([attribute('md5', 'x', more)], ofEvent) })).records;
      return [record?.first_seen, record?.last_seen ?? record?.timestamp];
    };
    const [early, late] = ['2023-11-01T00:00:00.000Z', '2023-12-24T00:00:00.000Z'];
    assert.deepEqual(await seen({ first_seen: late }), [late, late], 'after its own last change');
    assert.deepEqual(await seen({ first_seen: late }, { timestamp: STAMP + 60 }), [late, late]);
    assert.deepEqual(await seen({ first_seen: late, last_seen: early }), [late, late]);
    assert.deepEqual(await seen({ first_seen: early, last_seen: late }), [early, late]);
    assert.deepEqual(await seen({ first_seen: early }), [early, STAMP_ISO]);
    assert.deepEqual(await seen({ last_seen: early }), [undefined, early]);
  });

  it('tells how often it was seen, without what was no sighting', async () => {
    const told = attribute('md5', 'x', {
      Sighting: [{ type: '0' }, { type: 0 }, { type: '1' }, {}, { type: '2' }, 'x'],
    });
    assert.equal((await readExport({ Event: event([told]) })).records[0]?.sightings, 3);
  });

  it('is withdrawn when it is deleted, itself or with its object', async () => {
    const { records } = await readExport({
      Event: event([attribute('domain|ip', 'a.example.org|192.0.2.1', { deleted: '1', to_ids: '0' })], {
        Object: [{ name: 'file', deleted: true, Attribute: [attribute('md5', 'm')] }],
      }),
    });
    assert.deepEqual(
      records.map(({ indicator, revoked, composite }) => [indicator, revoked, composite]),
      [
        ['a.example.org', true, undefined],
        ['192.0.2.1', true, true],
        ['m', true, undefined],
      ],
    );
  });

  it('that is not for detection is left out, or taken with low confidence, or like any other', async () => {
    const told = {
      Event: event([
        attribute('domain', 'on.example.org', { to_ids: '1' }),
        attribute('domain', 'off.example.org', { to_ids: '0', id: '5' }),
        attribute('domain', 'none.example.org', { to_ids: undefined }),
      ]),
    };
    const only = await readExport(told);
    assert.deepEqual(values(only), ['on.example.org', 'none.example.org']);
    assert.match(only.report.notes.join(), /^of 3 attributes were left out: 1 that are not for detection \(to_ids\)$/);
    const prefer = await readExport(told, { toIds: 'prefer' });
    assert.deepEqual(
      prefer.records.map(({ confidence }) => confidence),
      [undefined, 20, undefined],
    );
    const ignore = await readExport(told, { toIds: 'ignore' });
    assert.deepEqual(
      ignore.records.map(({ confidence }) => confidence),
      [undefined, undefined, undefined],
    );
    const switched = await readExport(told, { switchedOff: (id, stamp) => id === 5 && stamp === STAMP });
    assert.deepEqual(
      switched.records.map(({ indicator, revoked }) => [indicator, revoked]),
      [
        ['on.example.org', undefined],
        ['off.example.org', true],
        ['none.example.org', undefined],
      ],
    );
  });

  it('of other types is counted by type, once', async () => {
    const { records, report } = await readExport({
      Event: event([
        attribute('text', 'a'),
        attribute('text', 'b'),
        attribute('uri', '/gate.php'),
        attribute('mutex', 'Global\\x'),
        attribute('bad\u001btype', 'x'),
      ]),
    });
    assert.equal(records.length, 1);
    assert.equal(report.skipped, 0);
    assert.deepEqual(report.notes, [
      'of 5 attributes were left out: 4 of types that hold no indicator (text 2, uri 1, bad type 1)',
    ]);
  });

  it('that says nothing costs itself alone', async () => {
    const { records, report } = await readExport({
      Event: event([
        attribute('md5', ''),
        attribute('md5', 'x'.repeat(100_000)),
        attribute('domain', { a: 1 }),
        attribute('domain', 'a.example.org', { timestamp: 'never', uuid: null, Tag: 'x', category: 5, comment: [] }),
      ] as Json[]),
    });
    assert.deepEqual(
      records.map(({ indicator, ref, timestamp }) => [indicator, ref, timestamp]),
      [['a.example.org', undefined, STAMP_ISO]],
    );
    assert.equal(report.skipped, 3);
  });

  it('is chosen by type and category', async () => {
    const told = {
      Event: event([
        attribute('domain', 'a.example.org'),
        attribute('md5', 'x', { category: 'Payload delivery' }),
        attribute('domain', 'b.example.org', { category: 'Payload delivery' }),
      ]),
    };
    assert.deepEqual(values(await readExport(told, { types: new Set(['domain']) })), [
      'a.example.org',
      'b.example.org',
    ]);
    const chosen = await readExport(told, {
      types: new Set(['domain']),
      categories: new Set(['Payload delivery']),
      eventUrl: (uuid) => `https://misp.example.org/events/view/${uuid}`,
    });
    assert.deepEqual(values(chosen), ['b.example.org']);
    assert.match(chosen.records[0]?.reference ?? '', /^https:\/\/misp\.example\.org\/events\/view\/1{8}-/);
    assert.match(chosen.report.notes.join(), /2 that the filter leaves out/);
  });
});

describe('an object of MISP', () => {
  const file = (more: Json = {}): Json => ({
    name: 'file',
    'meta-category': 'file',
    uuid: '22222222-2222-4333-8444-555555555555',
    comment: 'a dropper',
    first_seen: '2023-10-01T00:00:00Z',
    Attribute: [
      attribute('filename', 'evil.exe', { object_relation: 'filename', to_ids: false }),
      attribute('sha256', SHA256, { object_relation: 'sha256' }),
      attribute('size-in-bytes', '1234', { object_relation: 'size-in-bytes', to_ids: false }),
    ],
    ...more,
  });

  it('tells of each of its attributes what the others say', async () => {
    const { records } = await readExport({ Event: event([], { Object: [file()] }) });
    assert.equal(records.length, 1);
    assert.equal(records[0]?.first_seen, '2023-10-01T00:00:00.000Z');
    assert.deepEqual(records[0]?.context, {
      event_info: 'A campaign',
      event_date: '2023-11-14',
      org: 'Example Org',
      misp_type: 'sha256',
      object_relation: 'sha256',
      object: 'file',
      object_comment: 'a dropper',
    });
    assert.equal(records[0]?.event_id, '11111111-2222-4333-8444-555555555555');
    assert.equal(records[0]?.object_id, '22222222-2222-4333-8444-555555555555');
    assert.deepEqual(records[0]?.file, { name: 'evil.exe', size: 1234, hashes: { sha256: SHA256 } });
  });

  it('relates the hashes of one file, and takes two of one kind for two files', async () => {
    const hashes = (...more: Json[]) =>
      readExport({
        Event: event([], {
          Object: [
            {
              name: 'file',
              uuid: '22222222-2222-4333-8444-555555555555',
              Attribute: [
                attribute('md5', 'a'.repeat(32), { object_relation: 'md5' }),
                attribute('sha256', SHA256, { object_relation: 'sha256' }),
                attribute('sha1', 'c'.repeat(40), { object_relation: 'sha1', deleted: true }),
                attribute('mime-type', 'text/plain', { object_relation: 'mimetype' }),
                ...more,
              ],
            },
          ],
        }),
      });
    const one = (await hashes()).records.filter(({ revoked }) => revoked !== true);
    const file = { type: 'text/plain', hashes: { md5: 'a'.repeat(32), sha256: SHA256 } };
    assert.deepEqual(
      one.map(({ type, file: known }) => [type, known]),
      [
        ['md5', file],
        ['sha256', file],
      ],
    );
    const two = await hashes(attribute('md5', 'b'.repeat(32), { object_relation: 'md5' }));
    for (const record of two.records) assert.deepEqual(record.file, { type: 'text/plain' });
  });

  it('gives its port to the addresses in it, and none to others', async () => {
    const { records } = await readExport({
      Event: event([], {
        Object: [
          {
            name: 'ip-port',
            Attribute: [
              attribute('ip-dst', '192.0.2.1', { object_relation: 'ip' }),
              attribute('port', '8443', { object_relation: 'dst-port', to_ids: false }),
              attribute('url', 'http://a.example.org/', { object_relation: 'url' }),
            ],
          },
        ],
      }),
    });
    assert.deepEqual(
      records.map(({ indicator, port }) => [indicator, port]),
      [
        ['192.0.2.1', 8443],
        ['http://a.example.org/', undefined],
      ],
    );
  });

  it('says the same when it is too large to be built, and whatever stands behind its attributes', async () => {
    const { Attribute, ...head } = file({ deleted: '0' });
    const small = await readExport({ Event: event([], { Object: [file(), file()] }) });
    const big = await readExport(
      {
        Event: event([], {
          Object: [
            { Attribute, ...head },
            { Attribute, ...head },
          ],
        }),
      },
      { maxElement: 450 },
    );
    assert.deepEqual(
      big.records.map(({ context, first_seen, file: known }) => [context, first_seen, known]),
      small.records.map(({ context, first_seen, file: known }) => [context, first_seen, known]),
    );
    assert.equal(big.records.length, 2);
  });
});

describe('an export of MISP', () => {
  const one = attribute('domain', 'a.example.org');
  const two = attribute('ip-src', '192.0.2.2');
  const embedded = { Event: event([], { Attribute: undefined, Tag: [tag('tlp:red')] }) };

  it('has many shapes', async () => {
    const whole = event([one, two], { Tag: [tag('tlp:red')] });
    const shapes: Record<string, unknown> = {
      'response of events': { response: [{ Event: whole }] },
      'response of one event': { response: { Event: whole } },
      'an event': { Event: whole },
      'an event without a name': whole,
      'a list of events': [{ Event: whole }],
      'a list of events without a name': [whole],
      'response of attributes': {
        response: {
          Attribute: [
            { ...one, ...embedded },
            { ...two, ...embedded },
          ],
        },
      },
      'a list of attributes': [
        { ...one, ...embedded },
        { ...two, ...embedded },
      ],
      'attributes in a document': {
        Attribute: [
          { ...one, ...embedded },
          { ...two, ...embedded },
        ],
      },
      'response of objects': { response: [{ Object: { name: 'x', ...embedded, Attribute: [one, two] } }] },
      'lists that PHP wrote with gaps': { response: { Event: { ...whole, Attribute: { 3: one, 7: two } } } },
      'attributes one by one': [{ Attribute: { ...one, ...embedded } }, { Attribute: { ...two, ...embedded } }],
      'an attribute, and nothing else': { Attribute: { ...one, ...embedded } },
    };
    for (const [name, told] of Object.entries(shapes)) {
      for (const maxElement of [1024 ** 2, 700]) {
        const { records, error, report } = await readExport(told, { maxElement });
        const label = `${name}, ${maxElement}`;
        assert.equal(error, undefined, label);
        assert.equal(report.skipped, 0, label);
        const expected = name === 'an attribute, and nothing else' ? ['a.example.org'] : ['a.example.org', '192.0.2.2'];
        assert.deepEqual(
          records.map(({ indicator }) => indicator),
          expected,
          label,
        );
        for (const record of records) {
          assert.equal(record.tlp, 'RED', label);
          assert.equal(record.severity, 90, label);
          assert.equal(record.context?.org, 'Example Org', label);
        }
      }
    }
  });

  it('without anything in it is no fault', async () => {
    for (const told of [
      { response: [] },
      { response: { Attribute: [] } },
      [],
      { Event: event([]) },
      { Attribute: [] },
    ]) {
      const { records, error } = await readExport(told);
      assert.deepEqual([records, error], [[], undefined], JSON.stringify(told));
    }
  });

  it('is refused when it is something else, with the place', async () => {
    for (const told of [
      { duvelDetails: { token: 'x' } },
      { saved: false, name: 'Authentication failed.', message: 'x' },
      { response: { message: 'no' } },
      [{ a: 1 }],
      [1, 2],
      'null',
      '"x"',
    ]) {
      const { records, error } = await readExport(told);
      assert.deepEqual(records, []);
      assert.equal(codeOf(error), 'FEED_SHAPE', JSON.stringify(told));
      assert.match(messageOf(error), /this is no export of MISP/);
    }
    const { error } = await readExport({ '\u001b[31mbad': 1 });
    assert.match(messageOf(error), /at byte \d+ \(".*bad"\)/);
    assert.ok(!messageOf(error).includes('\u001b'));
  });

  it('that is cut off gives the events before the cut, and the place of it', async () => {
    const text = JSON.stringify({
      response: [{ Event: event([one]) }, { Event: event([two], { Tag: [tag('tlp:red')] }) }],
    });
    for (const cut of [text.length - 1, text.length - 5, text.indexOf('tlp:red')]) {
      const { records, error } = await readExport(text.slice(0, cut));
      assert.equal(codeOf(error), 'FEED_NOT_JSON');
      assert.match(messageOf(error), /byte \d+/);
      assert.equal(records[0]?.indicator, 'a.example.org');
      // never without the tags
      assert.equal(records.length, cut === text.length - 1 || cut === text.length - 5 ? records.length : 1);
      for (const { indicator, tlp } of records) if (indicator === '192.0.2.2') assert.equal(tlp, 'RED');
    }
  });

  it('holds proposals, reports, samples and related events, which are no indicators', async () => {
    const more = {
      ShadowAttribute: [attribute('domain', 'shadow.example.org')],
      RelatedEvent: [{ Event: event([attribute('domain', 'related.example.org')]) }],
      EventReport: [{ content: 'x'.repeat(5000) }],
    };
    const told = {
      Event: event([{ ...one, ShadowAttribute: [two], data: 'x'.repeat(5000), RelatedAttribute: [two] }], more),
    };
    for (const maxElement of [1024 ** 2, 1500]) {
      assert.deepEqual(values(await readExport(told, { maxElement })), ['a.example.org']);
    }
  });

  it('says nothing of an event whose tags cannot be read', async () => {
    const many = Array.from({ length: 100 }, (_, n) => tag(`tag ${n}`));
    const { records, report } = await readExport({ Event: event([one, two], { Tag: many }) }, { maxElement: 900 });
    assert.deepEqual(records, []);
    assert.equal(report.skipped, 2);
    assert.match(report.firstSkipped ?? '', /its tags/);
  });

  it('is the same however it is cut and however much of it is built whole', async () => {
    const attributes = fc.array(
      fc
        .tuple(
          fc.constantFrom('domain', 'md5', 'text', 'domain|ip', 'ip-dst|port'),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
          fc.boolean(),
          fc.constantFrom('tlp:red', 'é😀', 'c2'),
        )
        .map(([type, value, to_ids, name]) => attribute(type, value, { to_ids, Tag: [tag(name)] })),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(attributes, attributes), { maxLength: 3 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 400, max: 3000 }),
        async (events, cut, maxElement) => {
          const told = {
            response: events.map(([own, inObject]) => {
              const {
                Attribute,
                Object: objects,
                ...head
              } = event(own, {
                Object: inObject.map((each) => ({ Attribute: [each], name: 'x', uuid: 'u' })),
                Tag: [tag('tlp:amber')],
              });
              return { Event: { Object: objects, Attribute, ...head } };
            }),
          };
          const whole = await readExport(told);
          const cutUp = await readExport(told, { maxElement }, cut);
          assert.equal(cutUp.error, undefined);
          const byRef = (reading: typeof whole): unknown[] =>
            reading.records.toSorted((a, b) => `${a.ref}${a.type}`.localeCompare(`${b.ref}${b.type}`));
          assert.deepEqual(byRef(cutUp), byRef(whole));
          assert.equal(cutUp.report.skipped, whole.report.skipped);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of any JSON at all ends in records or in an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 4 }),
        fc.constantFrom('response', 'Event', 'Attribute', 'Object'),
        async (text, key) => {
          for (const told of [text, `{"${key}":${text}}`, `{"response":[{"${key}":${text}}]}`]) {
            const { error } = await readExport(told, { maxElement: 30 }, 7);
            if (error !== undefined) assert.match(codeOf(error), /^FEED_/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of 25 MB in one event is read in little memory, with its head behind everything', async () => {
    async function* bytes(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"response":[{"Event":{"Attribute":[');
      for (let n = 0; n < 60_000; n += 1) {
        const told = attribute('domain', `d${n}.example.org`, { comment: 'x'.repeat(100) });
        yield Buffer.from(`${n === 0 ? '' : ','}${JSON.stringify(told)}`);
      }
      const { Attribute: _, ...head } = event([], { Tag: [tag('tlp:red')] });
      yield Buffer.from(`],${JSON.stringify(head).slice(1)}}]}`);
    }
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const inUse = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = inUse();
    let held = 0;
    let next = 0;
    for await (const batch of mispRecords(bytes(), {}, createTally())) {
      assert.ok(batch.length <= 1000);
      // the first comes when all of the event was read
      if (next === 0) held = inUse() - before;
      for (const { indicator, tlp, severity } of batch) {
        assert.deepEqual([indicator, tlp, severity], [`d${next}.example.org`, 'RED', 90]);
        next += 1;
      }
    }
    assert.equal(next, 60_000);
    assert.ok(held < 16 * 1024 ** 2, `${Math.round(held / 1024 ** 2)} MB are held`);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, refusals } from '../lab.ts';
import { type Answer, openWeb, status, text } from '../web.ts';
import { recorded } from './recorded.ts';

const KEY = 'k3yk3yk3y';
const api = (url: string, more: object = {}): object => ({
  name: 'fox',
  type: 'threatfox',
  auth_key: KEY,
  url: `${url}/api/v1/`,
  ...more,
});
const dump = (url: string, file = 'recent.json', more: object = {}): object => ({
  name: 'fox',
  type: 'threatfox',
  from: 'export',
  url: `${url}/${file}`,
  ...more,
});
const ago = (hours: number): string =>
  new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');

const entry = (more: object = {}): object => ({
  id: '41',
  ioc: '192.0.2.7:4443',
  threat_type: 'botnet_cc',
  ioc_type: 'ip:port',
  malware: 'win.example',
  malware_printable: 'Example',
  malware_alias: 'Sample,Specimen',
  malware_malpedia: 'https://malpedia.example.org/win.example',
  confidence_level: 75,
  first_seen: `${ago(2)} UTC`,
  last_seen: null,
  reporter: 'somebody',
  reference: 'https://example.org/report',
  tags: ['exe', 'x'],
  ...more,
});
const answer = (data: unknown, query_status = 'ok'): Answer =>
  text(JSON.stringify({ query_status, data }), { 'content-type': 'application/json' });

test('the API: what is asked, and every field of an entry', async (t) => {
  const lab = openLab(t);
  const bodies: string[] = [];
  const web = await openWeb(t, recorded(bodies, answer([entry()])));
  await lab.once([api(web.url, { tags: ['malicious'] })]);
  const [request] = web.requests;
  assert.deepEqual([request?.method, request?.url, request?.headers['auth-key']], ['POST', '/api/v1/', KEY]);
  assert.deepEqual(JSON.parse(String(bodies[0])), { query: 'get_iocs', days: 3 });
  const [record] = lab.bus.values();
  const first = new Date(`${ago(2).replace(' ', 'T')}Z`).getTime();
  assert.ok(Math.abs(Date.parse(String(record?.first_seen)) - first) < 5000);
  assert.equal(record?.last_seen, record?.first_seen, 'without a last sighting the first is the last');
  assert.equal('timestamp' in (record ?? {}), false, 'what it says, it says now');
  const { first_seen, last_seen, collected_at, ...rest } = record ?? {};
  assert.deepEqual(rest, {
    indicator: '192.0.2.7:4443',
    type: 'ip',
    ref: '41',
    confidence: 75,
    tags: ['exe', 'x', 'malicious'],
    categories: ['botnet_cc'],
    malware: ['Example'],
    reference: 'https://example.org/report',
    port: 4443,
    context: {
      malware_aliases: ['Sample', 'Specimen'],
      malpedia: 'https://malpedia.example.org/win.example',
      reporter: 'somebody',
    },
    source: 'fox',
  });
});

test('fields that drift: numbers for texts, texts for truth, other names, and a type that nobody knows', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(
    t,
    answer([
      entry({
        id: 7,
        confidence_level: '50',
        tags: null,
        is_compromised: 'true',
        malware_printable: 'Unknown malware',
        malware_alias: 'None',
      }),
      entry({ ioc: 'evil.example', ioc_type: 'domain', first_seen: 'soon', is_compromised: false, reference: '' }),
      entry({
        ioc: 'x@example.org',
        ioc_type: 'envelope_from',
        first_seen: '2026-11-01T00:00:00Z',
        last_seen: '2026-11-02 00:00:00',
      }),
      entry({ ioc: 'f'.repeat(96), ioc_type: 'sha3_384_hash' }),
      entry({ ioc: null }),
      'nothing',
    ]),
  );
  const report = await lab.once([api(web.url)]);
  assert.deepEqual(report.perFeed.fox, { read: 3, published: 3, skipped: 3, notAdmitted: 0, expired: 0 });
  const [first, second, third] = lab.bus.values();
  assert.deepEqual([first?.ref, first?.confidence, first?.tags, first?.malware], ['7', 50, ['compromised'], undefined]);
  assert.deepEqual([second?.type, second?.first_seen, second?.reference], ['domain', undefined, undefined]);
  assert.deepEqual([third?.type, third?.last_seen], ['email', '2026-11-02T00:00:00.000Z']);
});

test('it goes on where it was, a day before, and says when the API does not reach that far', async (t) => {
  const lab = openLab(t);
  const bodies: string[] = [];
  const days = (): unknown => JSON.parse(String(bodies.at(-1))).days;
  const entries = [entry({ first_seen: `${ago(30)} UTC` }), entry({ first_seen: '2199-01-01 00:00:00' })];
  const web = await openWeb(t, recorded(bodies, answer(entries)));
  await lab.once([api(web.url, { days: 7 })]);
  await lab.once([api(web.url, { days: 7 })]);
  assert.equal(days(), 3, '30 hours are two days begun, and one is added');
  await lab.once([api(web.url, { days: 7, tags: ['new'] })]);
  assert.equal(days(), 7, 'other settings begin anew');
  const other = openLab(t);
  web.answer = recorded(bodies, answer([entry({ first_seen: `${ago(24 * 20 - 1)} UTC` })]));
  await other.once([api(web.url)]);
  await other.once([api(web.url)]);
  assert.equal(days(), 7);
  assert.ok(other.logged.some(({ message }) => /nothing was read for 20 days/.test(message)));
});

test('nothing new is no failure; a refusal is one, and keeps the key to itself', async (t) => {
  const lab = openLab(t);
  const web = await openWeb(t, answer('Your query did not yield any results', 'no_result'));
  assert.deepEqual((await lab.once([api(web.url)])).failedFeeds, []);
  const failures: [Answer, string, RegExp][] = [
    [answer('bad\u0007 days', 'illegal_days'), 'FEED_REFUSED', /"illegal_days: bad {2}days"/],
    [text('{"error":"x"}'), 'FEED_REFUSED', /no query_status/],
    [status(401, {}, '{"error": "Unauthorized"}'), 'FEED_UNAUTHORIZED', /auth\.abuse\.ch/],
    [text('<!doctype html><title>log in</title>', { 'content-type': 'text/html' }), 'FEED_HTML_PAGE', /web page/],
    [text('{"query_status":"ok","data":[{"ioc":"a.example","ioc_type":"domain"},{"io'), 'FEED_NOT_JSON', /cut off/],
  ];
  for (const [reply, code, message] of failures) {
    web.answer = reply;
    const [failure] = (await lab.once([api(web.url)])).failedFeeds;
    assert.equal(failure?.code, code);
    assert.match(String(failure?.message), message);
    assert.doesNotMatch(JSON.stringify([failure, lab.logged]), new RegExp(KEY));
  }
  assert.equal(lab.state('fox').cursor, null);
});

test('the export, in JSON with its ids and in CSV with and without header', async (t) => {
  const lab = openLab(t);
  const { id, ioc, first_seen, last_seen, ...more } = entry() as Record<string, unknown>;
  const exported = {
    ...more,
    ioc_value: ioc,
    first_seen_utc: '2026-11-24 05:00:00',
    last_seen_utc: null,
    tags: 'exe,x',
  };
  const web = await openWeb(
    t,
    text(JSON.stringify({ '1700': [exported], '1701': [{ ...exported, ioc_value: '192.0.2.8:1' }] })),
  );
  assert.equal((await lab.once([dump(web.url)])).published, 2);
  const [record, other] = lab.bus.values();
  assert.deepEqual(
    [record?.ref, other?.ref, record?.tags, record?.first_seen],
    ['1700', '1701', ['exe', 'x'], '2026-11-24T05:00:00.000Z'],
  );
  assert.equal('valid_until' in (record ?? {}), false, 'what is two days old leaves the file, and is no less true');
  const csv =
    '################\n# ThreatFox IOCs: recent #\n#\n# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable","last_seen_utc","confidence_level","is_compromised","reference","tags","anonymous","reporter"\n' +
    '"2026-11-24 05:00:00", "1702", "evil.example", "domain", "botnet_cc", "win.example", "None", "Example", "", "100", "True", "None", "a,b", "0", "somebody"\n# Number of entries: 1\n';
  for (const body of [csv, csv.replace(/^# "first.*\n/m, '')]) {
    web.answer = text(body);
    lab.bus.records.length = 0;
    await lab.once([dump(web.url, 'recent.csv')], { blockFor: 4 });
    const [row] = lab.bus.values();
    assert.deepEqual(
      [row?.indicator, row?.type, row?.ref, row?.confidence, row?.malware, row?.tags, row?.reference, row?.context],
      [
        'evil.example',
        'domain',
        '1702',
        100,
        ['Example'],
        ['a', 'b', 'compromised'],
        undefined,
        { reporter: 'somebody' },
      ],
    );
  }
});

test('a key is needed for the API and not for the export', () => {
  const said = (more: object): string => refusals({ name: 'f', type: 'threatfox', ...more }).join();
  assert.match(said({}), /^auth_key: is missing: get a free key at https:\/\/auth\.abuse\.ch/);
  assert.equal(said({ from: 'export' }), '');
  assert.match(said({ auth_key: 'a b' }), /^auth_key: must be a key/);
  assert.match(said({ auth_key: 'a', days: 8 }), /^days/);
});

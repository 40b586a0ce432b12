import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { shipped } from '../../cli/paths.ts';
import type { Summary } from '../../cli/run/summary.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { type Folder, openFolder } from './folder.ts';

const lines = readFileSync(shipped('examples', 'indicators.jsonl'), 'utf8').split('\n').filter(Boolean).length;

/** What stands in the example and is above the threshold, worst first, as the mail writes it. */
const ALERTED = [
  '77[.]90[.]185[.]20',
  'hxxp[://]cdn[.]files[.]example/invoice[.]zip?id=7',
  '45[.]154[.]244[.]193',
  '62[.]60[.]130[.]0/24',
  'login-update[.]example',
];
const PLANNED = ['45.154.244.193', '62.60.130.0/24', '77.90.185.20'];

function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

describe('the shipped example, in a folder where nothing is configured', () => {
  let folder: Folder;
  let mail: ParsedMail;
  const folderOf = (name: string): string => join(folder.path, 'data', name);

  before(() => {
    folder = openFolder();
  });
  after(() => folder.close());

  it('runs once, ends with 0 and says what it did', async () => {
    const { code, stdout, stderr } = await folder.run(['run', '--once']);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      new RegExp(`^read ${lines} {3}published ${lines} {3}indexed 11 current, 12 history {3}dead letters 1$`, 'm'),
    );
    assert.match(stdout, /^alerts 5 {3}mails 1 {3}blocks: 3 planned, 0 enforced, 0 refused$/m);
    assert.match(stdout, /^ip +5 +81-100 +7$/m);
    assert.deepEqual(readdirSync(folder.path), ['data'], 'everything it writes is below data');
  });

  it('finds what it read, defanged or not, and says by exit code 1 that something is unknown', async () => {
    const found = await folder.run(['search', '77[.]90[.]185[.]20']);
    assert.equal(found.code, 0);
    assert.match(found.stdout, /^ip +77\.90\.185\.20 +93 +active +example-blocklist, example-partner /m);

    const inside = await folder.run(['search', '62.60.130.99', '--json']);
    assert.equal(inside.code, 0, 'an address is found by the network that holds it');
    assert.deepEqual(
      jsonLines<EnrichedDocument>(inside.stdout).map(({ tipline }) => tipline.value),
      ['62.60.130.0/24'],
    );

    const unknown = await folder.run(['search', '4.4.4.4']);
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /nothing is known of ip 4\.4\.4\.4/);
  });

  it('wrote one mail that names all alerts, defanged', async () => {
    const [file, ...others] = readdirSync(folderOf('mail'));
    assert.deepEqual(others, []);
    mail = await simpleParser(readFileSync(join(folderOf('mail'), file ?? '')));
    assert.match(file ?? '', /\.eml$/);
    assert.equal(mail.subject, '[TLP:AMBER] tipline: 5 indicators above 80, worst 93: 77[.]90[.]185[.]20');
    const rows = [...(mail.text ?? '').matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)].map((match) => match[1]);
    assert.deepEqual(rows, ALERTED);
    assert.ok(typeof mail.html === 'string');
    for (const value of ALERTED) assert.ok(mail.html.includes(value), `${value} in HTML`);
    for (const part of [mail.text ?? '', mail.html]) {
      assert.doesNotMatch(part, /77\.90\.185\.20|http:\/\/|login-update\.example|<a /);
    }
  });

  it('planned the blocks and made none', async () => {
    const { code, stdout } = await folder.run(['blocks', '--json']);
    assert.equal(code, 0);
    const blocks = jsonLines<{ value: string; state: string }>(stdout);
    assert.deepEqual(blocks.map(({ value }) => value).sort(), PLANNED);
    assert.deepEqual([...new Set(blocks.map(({ state }) => state))], ['planned']);
    const one = await folder.run(['blocks', '62.60.130.7']);
    assert.match(one.stdout, /^62\.60\.130\.0\/24 +planned /m);
  });

  it('has a status with every key', async () => {
    const { code, stdout } = await folder.run(['status', '--json']);
    assert.equal(code, 0);
    const status = JSON.parse(stdout);
    assert.deepEqual(Object.keys(status), [
      'asked',
      'feeds',
      'lag',
      'indicators',
      'documents',
      'dead_letters',
      'actions',
      'alerts',
      'blocks',
    ]);
    assert.equal(status.feeds.example.records, lines);
    assert.equal(status.feeds.example.failures, 0);
    assert.ok(Date.now() - Date.parse(status.feeds.example.last_ok) < 600_000);
    assert.equal(status.lag.length, 5);
    assert.ok(status.lag.every(({ records }: { records: number }) => records === 0));
    assert.deepEqual(status.indicators.by_status, { active: 10, allowed: 1 });
    assert.deepEqual(status.documents, { current: 11, history: 12 });
    assert.equal(status.dead_letters, 1);
    assert.equal(status.actions, 4, 'one mail, three planned blocks');
    assert.deepEqual(status.alerts, { rows: 5, pending: 0, mails: 1, unsent: 0 });
    assert.equal(status.blocks.planned, 3);
    assert.match((await folder.run(['status'])).stdout, /^current documents +11$/m);
  });

  it('explains a score, an alert, a block, and why there is none', async () => {
    const why = await folder.run(['explain', '77.90.185.20']);
    assert.equal(why.code, 0);
    assert.match(
      why.stdout,
      /^score +93: 0\.7 x confidence 95 \+ 0\.3 x severity 90 = 93 \(rounded down\), by example-blocklist of feed example$/m,
    );
    assert.match(why.stdout, /^alert +alerted .* mail /m);
    assert.match(why.stdout, /^block +would be blocked \(dry-run\) until .*confidence 95 \(at least 80\)/m);
    assert.match(why.stdout, /^example +example-partner .* live /m);

    const allowed = await folder.run(['explain', '203.0.113.7']);
    assert.match(allowed.stdout, /^alert +not alerted: its status is allowed/m);
    const composite = await folder.run(['explain', '91.240.118.172']);
    assert.match(composite.stdout, /^alert +not alerted: it is only part of a compound pattern$/m);
    assert.match(composite.stdout, /^block +not blocked/m);
    const low = await folder.run(['explain', '80.82.77.33']);
    assert.match(low.stdout, /^alert +not alerted: its best claim scores \d+, and alerts begin above 80$/m);
    assert.equal((await folder.run(['explain', '4.4.4.4'])).code, 1);
  });

  it('keeps the broken line as a dead letter, which can be repaired and replayed', async () => {
    const listed = jsonLines<DeadLetter>((await folder.run(['dlq', 'list', '--json'])).stdout);
    assert.deepEqual(
      listed.map(({ code }) => code),
      ['INDICATOR_UNKNOWN_TYPE'],
    );
    const [letter] = listed;
    assert.ok(letter);
    const shown = await folder.run(['dlq', 'show', letter.id]);
    assert.match(shown.stdout, /^reason +INDICATOR_UNKNOWN_TYPE \(parse\)$/m);
    assert.match(shown.stdout, /"indicator":"not an indicator"/);

    const repaired = { ...JSON.parse(letter.payload), indicator: '94.102.49.190' };
    const file = folder.write('repaired.json', JSON.stringify(repaired));
    assert.equal((await folder.run(['dlq', 'replay', letter.id, '--with', file])).code, 0);
    assert.equal((await folder.run(['search', '94.102.49.190'])).code, 1, 'not before enrichment has read it');
    assert.equal((await folder.run(['run', '--once'])).code, 0);
    assert.equal((await folder.run(['search', '94.102.49.190'])).code, 0);
    const unknown = await folder.run(['dlq', 'show', 'ioc.raw-0-999']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /dlq list shows what there is/);
  });

  it('prints one line of JSON with exactly the promised keys', async () => {
    const { code, stdout } = await folder.run(['run', '--once', '--json']);
    assert.equal(code, 0);
    assert.match(stdout, /^\{[^\n]*\}\n$/);
    const nothing: Summary = {
      read: 0,
      published: 0,
      expired_on_arrival: 0,
      history: 0,
      current: 0,
      by_type: {},
      dlq: 0,
      alerts: 0,
      mails: 0,
      blocks: { planned: 0, enforced: 0, refused: 0 },
    };
    assert.deepEqual(JSON.parse(stdout), nothing, 'all was read before');
    assert.deepEqual(Object.keys(JSON.parse(stdout)), Object.keys(nothing));
  });
});

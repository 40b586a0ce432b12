import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Summary } from '../../cli/run/summary.ts';
import { until } from '../services/wait.ts';
import { type Folder, openFolder, type Running } from './folder.ts';

const SEEN = ['--severity', '95', '--tag', 'malicious', '--description', 'seen in the proxy log'];

async function runOnce(folder: Folder): Promise<Summary> {
  const { code, stdout, stderr } = await folder.run(['run', '--once', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Summary;
}

describe('an operator between two runs', () => {
  let folder: Folder;
  before(async () => {
    folder = openFolder();
    await runOnce(folder);
  });
  after(() => folder.close());

  it('adds an indicator, which is alerted and blocked like that of a feed', async () => {
    const added = await folder.run(['add', '185[.]220[.]101[.]1', ...SEEN]);
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /^added: ip 185\.220\.101\.1, source operator$/m);
    // an address of a benchmarking network: nobody can come from there
    assert.equal((await folder.run(['add', '198.18.0.7', ...SEEN])).code, 0);
    const { read, current, alerts, mails, blocks } = await runOnce(folder);
    assert.deepEqual(
      { read, current, alerts, mails, planned: blocks.planned },
      { read: 0, current: 2, alerts: 1, mails: 1, planned: 1 },
    );
    assert.equal(readdirSync(join(folder.path, 'data/mail')).length, 2, 'the mail of the example and this one');
  });

  it('takes it back, and the block goes with it', async () => {
    assert.equal((await folder.run(['revoke', '185.220.101.1'])).code, 0);
    await runOnce(folder);
    assert.match((await folder.run(['search', '185.220.101.1'])).stdout, / revoked /);
    const blocks = await folder.run(['blocks', '185.220.101.1', '--all']);
    assert.match(blocks.stdout, /^185\.220\.101\.1 +released .*its source revoked it/m);
  });

  it('finds the network that holds an address, unless it asks for addresses alone', async () => {
    assert.match((await folder.run(['search', '62.60.130.77'])).stdout, /^cidr +62\.60\.130\.0\/24 /m);
    assert.equal((await folder.run(['search', '62.60.130.77', '--type', 'ip'])).code, 1);
  });

  it('is told what is wrong with a command', async () => {
    for (const [args, words] of [
      [['add', 'no such thing'], /no such thing: no type was given/],
      [['add', '185.220.101.1', '--confidence', 'high'], /--confidence must be a number from 0 to 100/],
      [['add', '185.220.101.1', '--until', 'soon'], /--until must be a duration such as 12h or 30d/],
      [['add', '185.220.101.1', '--tlp', 'bogus'], /--tlp must be CLEAR, GREEN, AMBER, AMBER\+STRICT, RED/],
      [['add', '185.220.101.1', '--source', ' '], /--source must not be empty/],
      [['allow', '185.220.101.1'], /--reason is required/],
      [['run', 'everything'], /choices are ingest, enrich, alerting, responder, audit/],
    ] as const) {
      const { code, stderr } = await folder.run(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, words);
    }
  });
});

describe('what time brings', () => {
  const folder = openFolder();
  after(() => folder.close());

  it('lapses at the next --once too', async () => {
    folder.write('tipline.yaml', 'http: { listen: off }\n');
    await runOnce(folder);
    assert.equal((await folder.run(['add', '185.220.101.1', ...SEEN, '--until', '1s'])).code, 0);
    await until(
      async () => {
        await runOnce(folder);
        return / expired /.test((await folder.run(['search', '185.220.101.1'])).stdout);
      },
      { what: 'the indicator to expire', timeout: 30_000 },
    );
  });

  it('takes entries that ran out off the allow list when it is next changed', async () => {
    assert.equal((await folder.run(['allow', 'a.example.net', '--reason', 'x', '--until', '1ms'])).code, 0);
    assert.equal((await folder.run(['allow', 'b.example.net', '--reason', 'x'])).code, 0);
    const values = (JSON.parse((await folder.run(['allow', '--json'])).stdout) as { value: string }[]).map(
      ({ value }) => value,
    );
    assert.deepEqual(values, ['b.example.net']);
    const { code, stdout, stderr } = await folder.run(['allow', 'a.example.net', '--remove']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /a\.example\.net is not on the shared allow list/);
  });
});

describe('an operator beside a running tipline', () => {
  let folder: Folder;
  let running: Running;
  let status: string;

  const state = async (value: string): Promise<string> =>
    JSON.parse((await folder.run(['search', value, '--json'])).stdout.split('\n')[0] ?? '').tipline.status;
  const block = async (value: string): Promise<Record<string, string>> =>
    JSON.parse((await folder.run(['blocks', value, '--all', '--json'])).stdout.split('\n')[0] ?? '{}');

  before(async () => {
    folder = openFolder();
    running = folder.start(['run']);
    status = (await running.said(/health and metrics: (http:\S+)\/readyz/))[1] ?? '';
    await until(async () => (await folder.run(['blocks'])).stdout.split('\n').length === 5, {
      what: 'a table of three blocks',
      timeout: 30_000,
    });
  });
  after(() => folder.close());

  it('sees its health and its metrics', async () => {
    assert.equal((await fetch(`${status}/healthz`)).status, 200);
    const ready = await fetch(`${status}/readyz`);
    assert.deepEqual([ready.status, ((await ready.json()) as { ready: boolean }).ready], [200, true]);
    assert.match(await (await fetch(`${status}/metrics`)).text(), /^tipline_enrich_records_total 13$/m);
  });

  it('cannot start a second one on the same data', async () => {
    const { code, stdout, stderr } = await folder.run(['run']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      new RegExp(
        `^tipline: data folder ${join(folder.path, 'data')} is in use by process ${running.child.pid} on .*: stop that one, or set another folder under "data" \\(DATA_FOLDER_HELD\\)$`,
        'm',
      ),
    );
  });

  it('allows an address: the network that holds it is spared, and its block is lifted', async () => {
    assert.equal((await block('62.60.130.0/24')).state, 'planned');
    const allowed = await folder.run(['allow', '62.60.130.77', '--reason', 'our partner', '--until', '30d']);
    assert.equal(allowed.code, 0, allowed.stderr);
    await until(async () => (await state('62.60.130.0/24')) === 'allowed', {
      what: 'the network to be allowed',
      timeout: 30_000,
    });
    const lifted = await until(
      async () => {
        const row = await block('62.60.130.0/24');
        return row.state === 'released' && row;
      },
      { what: 'the block to be lifted', timeout: 30_000 },
    );
    assert.equal(lifted.code, 'ALLOWED');
    assert.match((await folder.run(['allow'])).stdout, /^ip +62\.60\.130\.77 +\d{4}-.* our partner$/m);
    const why = await folder.run(['explain', '62.60.130.0/24']);
    assert.match(why.stdout, /^allowed +.*our partner/m);
  });

  it('takes the entry off again: the network counts once more', async () => {
    assert.equal((await folder.run(['allow', '62.60.130.77', '--remove'])).code, 0);
    await until(async () => (await state('62.60.130.0/24')) === 'active', {
      what: 'the network to be active',
      timeout: 30_000,
    });
  });

  it('lifts a block, which stays lifted', async () => {
    const { code, stdout } = await folder.run(['unblock', '77.90.185.20', '--reason', 'customer called']);
    assert.equal(code, 0);
    assert.match(stdout, /^77\.90\.185\.20 is lifted within about a second; not blocked again before \d{4}-/m);
    const lifted = await until(
      async () => {
        const row = await block('77.90.185.20');
        return row.state === 'released' && row;
      },
      { what: 'the block to be lifted', timeout: 30_000 },
    );
    assert.equal(lifted.code, 'OPERATOR');
    assert.ok(Date.parse(lifted.hold_until ?? '') > Date.now() + 23 * 3_600_000, 'held for a day');
    // said again, and louder: an operator's word holds
    assert.equal((await folder.run(['add', '77.90.185.20', ...SEEN])).code, 0);
    await until(async () => (await folder.run(['explain', '77.90.185.20'])).stdout.includes('operator '), {
      what: 'the new claim',
      timeout: 30_000,
    });
    assert.equal((await block('77.90.185.20')).state, 'released');
    await until(async () => /unblock.*customer called/.test((await folder.run(['explain', '77.90.185.20'])).stdout), {
      what: 'the action in the journal',
      timeout: 30_000,
    });
  });

  it('stops it with SIGTERM: it ends with 0 and leaves no work behind', async () => {
    running.child.kill('SIGTERM');
    const { code, signal, stderr } = await running.ended;
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    const { lag } = JSON.parse((await folder.run(['status', '--json'])).stdout);
    assert.deepEqual([...new Set(lag.map(({ records }: { records: number }) => records))], [0]);
    assert.equal((await folder.run(['run', '--once'])).code, 0, 'the data folder is free again');
  });
});

describe('SIGTERM in the middle of a large file', () => {
  const LINES = 30_000;
  const folder = openFolder();
  after(() => folder.close());

  it('finishes what is in hand; the next run does the rest, and nothing twice', async () => {
    const line = (n: number): string =>
      JSON.stringify({
        indicator: `45.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
        source: 'list',
        confidence: 60,
        severity: 60,
      });
    folder.write('list.jsonl', `${Array.from({ length: LINES }, (_, n) => line(n)).join('\n')}\n`);
    folder.write(
      'tipline.yaml',
      'feeds: [{ name: list, type: file, path: ./list.jsonl }]\nenrich: { batch: 200 }\nhttp: { listen: off }\n',
    );
    const running = folder.start(['run', '--json']);
    await until(async () => (await current()) > 0, { what: 'the first documents', timeout: 30_000 });
    running.child.kill('SIGTERM');
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    const first = JSON.parse(stdout) as Summary;
    const second = await runOnce(folder);
    assert.ok(first.current < LINES, `${first.current} documents before the signal took effect`);
    assert.equal(first.current + second.current, LINES);
    assert.equal(first.read + second.read, LINES);
    assert.equal(await current(), LINES);
  });

  async function current(): Promise<number> {
    return JSON.parse((await folder.run(['status', '--json'])).stdout || '{}').documents?.current ?? 0;
  }
});

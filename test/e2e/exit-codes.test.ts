import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Summary } from '../../cli/run/summary.ts';
import { freePort } from '../services/free-port.ts';
import { until } from '../services/wait.ts';
import { openFolder } from './folder.ts';

/** The JSON line of the log that says why the process ended. */
function fatalOf(stderr: string): { level: string; msg: string; error: { code: string; message: string } } | undefined {
  const line = stderr
    .split('\n')
    .find((each) => each.startsWith('{"level":"error"') && each.includes('tipline ends: '));
  return line === undefined ? undefined : JSON.parse(line);
}

describe('exit codes of tipline run', () => {
  const folder = openFolder();
  after(() => folder.close());
  const configure = (text: string): string => folder.write('tipline.yaml', text);

  it('3 when a feed failed with --once: the others are read, and the feed is named', async () => {
    folder.write('list.jsonl', '{"indicator":"45.1.2.3","source":"list","confidence":90,"severity":90}\nbroken\n');
    configure(`
http: { listen: off }
feeds:
  - { name: list, type: file, path: ./list.jsonl }
  - { name: away, type: http-list, url: "http://127.0.0.1:${await freePort()}/list.txt", format: lines }
  - { name: off, type: http-list, url: "http://127.0.0.1:1/list.txt", format: lines, enabled: false }
`);
    const { code, stdout, stderr } = await folder.run(['run', '--once', '--json']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^feed away failed: .*127\.0\.0\.1.*$/m);
    assert.doesNotMatch(stderr, /feed (list|off) failed/);
    const { current, alerts, mails } = JSON.parse(stdout) as Summary;
    assert.deepEqual({ current, alerts, mails }, { current: 1, alerts: 1, mails: 1 });
    const { feeds } = JSON.parse((await folder.run(['status', '--json'])).stdout);
    assert.deepEqual(Object.keys(feeds), ['list', 'away']);
    assert.equal(feeds.list.failures, 0);
    assert.equal(feeds.away.failures, 1);
    assert.equal(feeds.away.last_ok, null);
    assert.match(feeds.away.last_error.message, /127\.0\.0\.1/);
  });

  it('0 when a signal ends a run whose feed fails, which is named in the same words', async () => {
    configure(`
data: ./failing
http: { listen: off }
feeds: [{ name: nowhere, type: file, path: "./nowhere/*.json" }]
`);
    const once = await folder.run(['run', '--once']);
    const named = /^feed nowhere failed: the folder .*nowhere does not exist.*\(FEED_FOLDER\)$/m;
    assert.equal(once.code, 3, once.stderr);
    assert.match(once.stderr, named);
    const running = folder.start(['run']);
    await until(() => /feed:nowhere is down/.test(running.stderr), { what: 'the failure', timeout: 30_000 });
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, named);
  });

  it('0 when records were dead-lettered and nothing else is wrong', async () => {
    folder.write('broken.jsonl', '{"indicator":"no such thing","source":"list"}\n');
    configure('http: { listen: off }\nfeeds: [{ name: broken, type: file, path: ./broken.jsonl }]\n');
    const { code, stdout } = await folder.run(['run', '--once', '--json']);
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as Summary).dlq, 1);
  });

  it('1 when the mail server is away: all other work is finished and told', async () => {
    folder.write(
      'list.jsonl',
      '{"indicator":"45.1.2.9","source":"list","confidence":95,"severity":95,"tags":["malicious"]}\n',
    );
    configure(`
data: ./mailless
http: { listen: off }
feeds: [{ name: list, type: file, path: ./list.jsonl }]
alerting: { email: { smtp: "smtp://127.0.0.1:${await freePort()}", from: a@example.org, to: [b@example.org] } }
`);
    const { code, stdout, stderr } = await folder.run(['run', '--once', '--json']);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^tipline: .*\(MAIL_NOT_SENT\)$/m);
    assert.equal(fatalOf(stderr)?.error.code, 'MAIL_NOT_SENT');
    const { alerts, mails, blocks } = JSON.parse(stdout) as Summary;
    assert.deepEqual({ alerts, mails, planned: blocks.planned }, { alerts: 1, mails: 0, planned: 1 });
    const { lag } = JSON.parse((await folder.run(['status', '--json'])).stdout);
    assert.deepEqual([...new Set(lag.map(({ records }: { records: number }) => records))], [0]);
  });

  it('1 when a signal cut --once short', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      configure(`
http: { listen: off }
feeds: [{ name: slow, type: http-list, url: "http://127.0.0.1:${port}/list.txt", format: lines }]
`);
      const running = folder.start(['run', '--once', '--json']);
      await Promise.race([asked.promise, running.ended]);
      running.child.kill('SIGTERM');
      const { code, stdout, stderr } = await running.ended;
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^tipline: cut short by a signal/m);
      assert.equal((JSON.parse(stdout) as Summary).read, 0);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('0 with --once beside a process that has the status page', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    configure(`http: { listen: "127.0.0.1:${(taken.address() as AddressInfo).port}" }\n`);
    const { code, stderr } = await folder.run(['run', '--once']);
    taken.close();
    assert.equal(code, 0, stderr);
  });

  it('0 when a signal ends the waiting for servers that are away; short commands do not wait', async () => {
    configure(`
http: { listen: off }
bus: { kind: kafka, brokers: ["127.0.0.1:${await freePort()}"] }
store: { kind: elasticsearch, nodes: ["http://127.0.0.1:${await freePort()}"] }
`);
    const running = folder.start(['run']);
    await until(() => /it waits to start/.test(running.stderr), { what: 'the waiting to be told', timeout: 30_000 });
    const told = await folder.run(['search', '45.1.2.3']);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /ECONNREFUSED/);
    assert.equal(running.stderr.match(/it waits to start/g)?.length, 1, running.stderr);
    assert.equal(running.child.exitCode, null);
    running.child.kill('SIGTERM');
    const { code, signal, stderr } = await running.ended;
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  });

  it('0 when who read its output went away', async () => {
    configure('data: ./unread\nhttp: { listen: off }\n');
    const running = folder.start(['run', '--log-level', 'info']);
    await running.said(/Ctrl-C ends it/);
    running.child.stdout?.destroy();
    await until(() => /the responder is running/.test(running.stderr), { what: 'the workers', timeout: 30_000 });
    running.child.kill('SIGTERM');
    const { code, signal, stderr } = await running.ended;
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    assert.doesNotMatch(stderr, /EPIPE/);
  });

  it("1 when an error is nobody's: it is a line of the log too", async () => {
    configure('http: { listen: "127.0.0.1:0" }\n');
    const { code, stderr } = await folder.run(['run'], { TIPLINE_KILL_AT: 'No Such Place' });
    assert.equal(code, 1);
    assert.ok(fatalOf(stderr), stderr);
  });

  it('1 when check finds a line in an allow file that is none', async () => {
    folder.write('friends.txt', '45.1.2.3 # us\nno such thing\n');
    configure('http: { listen: off }\nenrich: { allow: [./friends.txt] }\n');
    const { code, stdout } = await folder.run(['check', '--no-feeds']);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^FAILED {2}allow lists: .*friends\.txt:2: /m);
  });

  const wrong: readonly { what: string; text: string; says: RegExp }[] = [
    {
      what: 'a key that does not exist',
      text: 'data: ./data\nalerting:\n  treshold: 80\n',
      says: /^tipline: FILE:3: alerting\.treshold: .*\(CONFIG_INVALID\)$/m,
    },
    {
      what: 'a value that is none',
      text: 'responder:\n  mode: dry-run\n  block_for: a while\n',
      says: /FILE:3: responder\.block_for: must be a duration such as 30s, 15m, 6h or 7d/,
    },
    {
      what: 'two mistakes: both are named',
      text: 'alerting:\n  threshold: 180\nresponder:\n  mode: attack\n',
      says: /FILE:2: alerting\.threshold: must be a number from 0 to 100\nFILE:4: responder\.mode: /,
    },
    {
      what: 'a key of a feed',
      text: 'feeds:\n  - name: list\n    type: http-list\n    url: https://example.org/list.txt\n    colums: { indicator: 1 }\n',
      says: /FILE:5: feeds\.0\.colums: /,
    },
    {
      what: 'a type of feed that does not exist',
      text: 'feeds:\n  - { name: a, type: file, path: ./a }\n  - { name: b, type: carrier-pigeon }\n',
      says: /FILE:3: feeds\.1\.type: /,
    },
    {
      what: 'a variable that is not set',
      text: `feeds:\n  - name: abuseipdb\n    type: abuseipdb\n    api_key: "\${NO_SUCH_KEY}"\n`,
      says: /FILE:4: feeds\.0\.api_key: the environment variable NO_SUCH_KEY is not set/,
    },
    { what: 'no YAML', text: 'feeds: [\n', says: /FILE:2: / },
  ];
  for (const { what, text, says } of wrong) {
    it(`2 when the configuration has ${what}`, async () => {
      const file = configure(text);
      const { code, stdout, stderr } = await folder.run(['run', '--once']);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(String(fatalOf(stderr)?.error.code), /^CONFIG_/);
      assert.match(stderr.replaceAll(file, 'FILE').replaceAll('./tipline.yaml', 'FILE'), says);
    });
  }

  it('2 when the file that --config names is not there', async () => {
    const { code, stderr } = await folder.run(['run', '--config', './nowhere.yaml']);
    assert.equal(code, 2);
    assert.ok(stderr.includes(join(folder.path, 'nowhere.yaml')), stderr);
  });
});

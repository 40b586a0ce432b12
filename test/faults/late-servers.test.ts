import assert from 'node:assert/strict';
import { connect, createServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { openLab } from '../e2e/lab.ts';
import { freePort } from '../services/free-port.ts';
import { givenKafka } from '../services/given.ts';
import { until } from '../services/wait.ts';

/** Has `port` lead to `target` (`host:port`) from now on. */
function lead(port: number, target: string): Server {
  const { hostname, port: far } = new URL(`tcp://${target}`);
  return createServer((near) => {
    const away = connect(Number(far), hostname);
    near.pipe(away).pipe(near);
    for (const [one, other] of [
      [near, away],
      [away, near],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  }).listen(port, '127.0.0.1');
}

describe('servers that come late', async () => {
  const lab = await openLab();
  const doors: Server[] = [];
  after(async () => {
    await lab.close();
    for (const door of doors) door.close();
  });

  it('are waited for, and then the work begins', async () => {
    const [kafka, elasticsearch] = [await freePort(), await freePort()];
    const prefix = lab.prefix;
    lab.configure({
      bus: { kind: 'kafka', brokers: [`127.0.0.1:${kafka}`], prefix },
      store: { kind: 'elasticsearch', nodes: [`http://127.0.0.1:${elasticsearch}`], prefix, replicas: 0 },
      http: { listen: `127.0.0.1:${await freePort()}` },
      log: 'info',
    });
    const running = lab.start(['run', 'enrich']);
    let log = '';
    running.child.stderr?.on('data', (piece: Buffer) => {
      log += piece.toString();
    });
    const said = (words: RegExp): Promise<unknown> =>
      until(() => words.test(log) || running.child.exitCode !== null, { what: `${words}`, timeout: 60_000 });
    await said(/it waits to start/);
    const [broker = ''] = await givenKafka();
    doors.push(lead(kafka, broker));
    await said(/created topics/);
    assert.doesNotMatch(log, /tipline starts/);
    doors.push(lead(elasticsearch, new URL(lab.elasticsearch).host));
    await said(/enrichment is running/);
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/it waits to start/g)?.length, 1, stderr);
  });

  it('are asked for by a process that may not set anything up, which says what is missing', async () => {
    lab.configure({ store: { kind: 'elasticsearch', nodes: [lab.elasticsearch], prefix: 'nobody-', replicas: 0 } });
    const { code, stderr } = await lab.run(['run', 'responder']);
    assert.equal(code, 1);
    assert.match(stderr, /^tipline: .*tipline setup.*\(STORE_NOT_SET_UP\)$/m);
  });
});

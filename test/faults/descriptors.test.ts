import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { freePort } from '../services/free-port.ts';
import { until } from '../services/wait.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const TOKEN = 'a-token-of-sixteen-and-more';
/** A process with its databases has about forty open. */
const LIMIT = 128;
const FLOOD = 300;

it('a flood of connections takes no file descriptors that others need, and ends nothing', {
  timeout: 90_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-descriptors-'));
  const [tcp, push, page] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(
    join(folder, 'tipline.yaml'),
    JSON.stringify({
      data: './data',
      http: { listen: `127.0.0.1:${page}` },
      feeds: [
        { name: 'tcp', type: 'tcp', listen: `127.0.0.1:${tcp}`, max_clients: 10_000 },
        { name: 'push', type: 'http-push', listen: `127.0.0.1:${push}`, max_connections: 10_000, token: TOKEN },
      ],
    }),
  );
  const child = spawn(
    'sh',
    ['-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh', process.execPath, MAIN, 'run', 'ingest', 'enrich'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const flood: Socket[] = [];
  t.after(async () => {
    for (const socket of flood) socket.destroy();
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  const status = async (path: string): Promise<string> => await (await fetch(`http://127.0.0.1:${page}${path}`)).text();
  await until(async () => /"ready":true/.test(await status('/readyz')), { what: 'it to run', timeout: 30_000 });

  for (const port of [tcp, push, page]) {
    for (let count = 0; count < FLOOD; count += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      flood.push(socket);
    }
    // in the middle of it: a client is heard, and the page answers
    const sent = `during-${port}.example`;
    await until(
      async () => {
        const client = connect(tcp, '127.0.0.1');
        client.on('error', () => {});
        client.end(`${JSON.stringify({ indicator: sent })}\n`);
        const posted = await fetch(`http://127.0.0.1:${push}/v1/indicators`, {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}` },
          body: JSON.stringify({ indicator: sent }),
        });
        return posted.status === 202 && (await status('/metrics')) !== '';
      },
      { what: `clients to be heard beside ${FLOOD} on port ${port}`, timeout: 20_000, every: 200 },
    );
    assert.equal(ended, false, said);
  }
  // one of many that ask: it may be turned away itself, and asks again
  const told = await until(() => status('/metrics'), { what: 'the page to tell', timeout: 20_000, every: 200 });
  assert.match(told, /turned_away_total\{[^}]*reason="(descriptors|idle)"\} [1-9]/);
  assert.ok(Number(/^process_open_fds (\d+)/m.exec(told)?.[1]) < LIMIT, 'some are left');
  const read = (): Promise<number> =>
    status('/metrics').then((text) => Number(/ingest_published_total\{feed="tcp"\} (\d+)/.exec(text)?.[1]));
  await until(async () => (await read()) >= 1, { what: 'the records of TCP on the bus', timeout: 20_000 });
  assert.doesNotMatch(said, /EMFILE|fatal/i);
});

import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openFolder } from '../e2e/folder.ts';
import { freePort } from '../services/free-port.ts';
import { until } from '../services/wait.ts';

/**
 * A program of its own, whose TMPDIR is a small file system that nobody else has: fills it while tipline runs there, does what an operator
 * must be able to do on a full disk, and prints what came of it.
 */
const TOKEN = 'a-token-of-sixteen-and-more';
const MB = 1024 ** 2;
const folder = openFolder();
const said: Record<string, unknown> = {};

const lists = createServer((_request, response) => response.end('45.155.205.1\nours.example\n'));
await new Promise<void>((resolve) => lists.listen(0, '127.0.0.1', resolve));
const address = lists.address();
const listPort = typeof address === 'object' ? address?.port : 0;
const [tcp, push, page] = [await freePort(), await freePort(), await freePort()];
const feed = { confidence: 100, severity: 100, tags: ['malicious'], may_block: true };
folder.write(
  'tipline.yaml',
  JSON.stringify({
    own: ['ours.example'],
    disk: { low_water: '16mb', reserve: '8mb' },
    http: { listen: `127.0.0.1:${page}` },
    feeds: [
      { ...feed, name: 'tcp', type: 'tcp', listen: `127.0.0.1:${tcp}` },
      { name: 'push', type: 'http-push', listen: `127.0.0.1:${push}`, token: TOKEN, wait: '300ms' },
      { ...feed, name: 'list', type: 'http-list', url: `http://127.0.0.1:${listPort}/`, every: '1h' },
    ],
  }),
);

const filler = openSync(join(folder.path, 'filler'), 'w');
const free = (): number => {
  const { bavail, bsize } = statfsSync(folder.path);
  return bavail * bsize;
};
function fill(leave: number): void {
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    while (free() - block.length >= leave) writeSync(filler, block);
    while (leave === 0) writeSync(filler, block, 0, 1024);
  } catch {
    // that was the last block
  }
}
const state = async (value: string): Promise<string> =>
  JSON.parse((await folder.run(['search', value, '--json'])).stdout.split('\n')[0] || '{}').tipline?.status ?? 'none';
const send = (...values: string[]): void => {
  const socket = connect(tcp, '127.0.0.1');
  socket.on('error', () => {});
  socket.end(values.map((indicator) => `${JSON.stringify({ indicator, timestamp: new Date() })}\n`).join(''));
};
const disk = async (): Promise<string> => {
  const { parts } = (await (await fetch(`http://127.0.0.1:${page}/readyz`)).json()) as {
    parts: Record<string, { state: string; detail: string }>;
  };
  return `${parts.disk?.state} ${parts.disk?.detail}`;
};
async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await folder.run(args);
  return `${code} ${stdout}${stderr}`.trim();
}

try {
  const running = folder.start(['run']);
  await running.said(/health and metrics/);
  send('45.155.204.20', '45.155.204.21', '45.155.204.22');
  await until(async () => (await command('blocks')).split('planned').length === 4, { what: 'blocks', timeout: 30_000 });
  await until(async () => /held/.test(await command('feeds')), { what: 'a list that is held back', timeout: 20_000 });
  said.reserve = statSync(join(folder.path, 'data', 'reserve')).size / MB;

  fill(8 * MB);
  await until(async () => /^down/.test(await disk()), { what: 'health to tell', timeout: 10_000 });
  said.low = (await disk()).replace(/\d+ MB.*?: /, '');
  send('45.155.204.30');
  const posted = await fetch(`http://127.0.0.1:${push}/v1/indicators`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ indicator: '45.155.204.31' }),
  });
  said.posted = posted.status;
  said.taken = await state('45.155.204.30');

  fill(0);
  said.free = free();
  said.unblock = await command('unblock', '45.155.204.20');
  said.release = await command('feeds', 'release', 'list');
  fill(0);
  said.unblockAgain = await command('unblock', '45.155.204.21');
  said.allow = await command('allow', '45.155.204.22', '--reason', 'ours');
  said.allowed = await until(async () => (await state('45.155.204.22')) === 'allowed', {
    what: 'what is allowed to be so',
    timeout: 20_000,
  });
  said.blocks = (await folder.run(['blocks', '--json'])).stdout.trim();

  closeSync(filler);
  rmSync(join(folder.path, 'filler'));
  said.after = await until(async () => (await state('45.155.204.30')) === 'active' && /^up/.test(await disk()), {
    what: 'what waited',
    timeout: 20_000,
  });
  said.list = await until(async () => (await state('45.155.205.1')) === 'active', {
    what: 'the list',
    timeout: 60_000,
  });
  said.refilled = await until(() => statSync(join(folder.path, 'data', 'reserve')).size === 8 * MB, {
    what: 'the reserve',
  });
  said.running = running.child.exitCode === null;
  console.log(JSON.stringify(said));
} catch (error) {
  console.error(JSON.stringify(said, null, 1), error);
  process.exitCode = 1;
} finally {
  folder.close();
  process.exit();
}

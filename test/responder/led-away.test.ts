import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { firstLine } from '../services/netns/namespace.ts';
import { type Lab, withNamespaces } from '../services/netns.ts';
import { until } from '../services/wait.ts';

/** The server that the configuration names, where it leads, and an address beside them. */
const NAMED = '45.10.20.90';
const TARGET = '45.10.20.151';
const BESIDE = '45.10.20.150';
const PORT = 8080;

/**
 * A server that leads from one address to the other, which lists all three, and takes longer for it than the guard looks apart: it sees the
 * connection before it is asked about any of them.
 */
const SERVER = `
const server = require('node:http').createServer((request, response) => {
  if (request.socket.localAddress.endsWith('${NAMED}'))
    return response.writeHead(302, { location: 'http://${TARGET}:${PORT}/list' }).end();
  response.write('# addresses\\n');
  setTimeout(() => response.end('${NAMED}\\n${TARGET}\\n${BESIDE}\\n'), 12_000);
});
server.listen(${PORT}, () => console.log('ready'));`;

interface Block {
  value: string;
  state: string;
  code: string | null;
}

async function blocksOf(lab: Lab, tipline: readonly string[]): Promise<Block[]> {
  const { stdout } = await lab.exec('firewall', [...tipline, 'blocks', '--all', '--json']);
  const blocks = stdout.split('\n').filter((line) => line !== '');
  return blocks.map((line): Block => JSON.parse(line)).sort((a, b) => (a.value < b.value ? -1 : 1));
}

test('an address that a feed leads to is none that must stay reachable; the one that the configuration names is', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'tipline-led-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const file = join(data, 'tipline.yaml');
  const says = { format: 'lines', confidence: 99, severity: 99, tags: ['malicious'] };
  const feed = { name: 'poisoned', type: 'http-list', url: `http://${NAMED}:${PORT}/list`, ...says };
  writeFileSync(file, stringify({ data, http: { listen: 'off' }, log: 'error', feeds: [feed] }));

  await withNamespaces(async (lab) => {
    for (const address of [NAMED, TARGET, BESIDE])
      await lab.exec('attacker', ['ip', 'address', 'add', `${address}/24`, 'dev', 'uplink']);
    await lab.exec('firewall', ['ip', 'address', 'add', '45.10.20.1/24', 'dev', 'outside']);
    await firstLine(lab.spawn('attacker', [process.execPath, '-e', SERVER]), 'the server of the feed');

    const tipline = [process.execPath, join(import.meta.dirname, '../../cli/main.ts'), '--config', file];
    const child = lab.spawn('firewall', [...tipline, 'run']);
    child.stderr?.pipe(process.stderr);
    child.stdout?.resume();
    const blocks = await until(
      async () => {
        const found = await blocksOf(lab, tipline).catch(() => []);
        return found.length === 3 ? found : undefined;
      },
      { what: 'what becomes of all three', timeout: 60_000, every: 500 },
    );
    assert.deepEqual(
      blocks.map(({ value, state, code }) => [value, state, code]),
      [
        [BESIDE, 'planned', null],
        [TARGET, 'planned', null],
        [NAMED, 'refused', 'GUARD_PEER'],
      ],
    );
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { firstLine } from '../services/netns/namespace.ts';
import type { Lab } from '../services/netns.ts';
import { until } from '../services/wait.ts';
import { HOST } from './poisoned-list.ts';

/** The host that poisoned.test.ts attacks, with real packets in network namespaces. */

export const SSH_PORT = 2222;
/** Where it listens for what others send; `OPEN` blocks, since its operator says so. */
const PORTS = { tcp: 5000, open: 5001, push: 9610 } as const;
const TOKEN = 'a-token-that-a-script-was-given';

/** Gives the firewall public addresses, gateways in several tables and an SSH server, and the attacker the far ends. */
export async function prepareHost(lab: Lab, attackers: readonly string[]): Promise<void> {
  const ip = (place: 'attacker' | 'firewall', lines: string[]) =>
    lab.exec(place, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  const far4 = [...HOST.gateways, ...HOST.resolvers, HOST.admin, ...HOST.peers, ...attackers];
  await ip('attacker', [
    ...far4.filter((text) => !text.includes(':')).map((text) => `address add ${text}/24 dev uplink`),
    'address add 2a09:aa::201/64 dev uplink nodad',
  ]);
  await ip('firewall', [
    `address add ${HOST.own[0]}/24 dev outside`,
    `address add ${HOST.own[1]}/64 dev outside nodad`,
    'route add default nexthop via 45.10.20.254 dev outside nexthop via 45.10.20.253 dev outside',
    'route add default via 45.10.20.252 dev outside table 100',
    'route add default via 2a09:aa::fe dev outside',
    'route add default via 2a09:aa::fd dev outside table 200',
  ]);
  const program = `process.title = 'sshd'; require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(${SSH_PORT}, () => console.log('ready'))`;
  await firstLine(lab.spawn('firewall', [process.execPath, '-e', program]), 'the SSH server');
}

/** A responder with the guard that a real one has, which reads the firewall's namespace. */
export function startGuardedResponder(lab: Lab, data: string): void {
  const etc = join(data, 'etc');
  mkdirSync(etc);
  writeFileSync(join(etc, 'resolv.conf'), HOST.resolvers.map((address) => `nameserver ${address}\n`).join(''));
  const guarded = { etc, own: HOST.ownNetworks, peers: HOST.peers };
  const order = { data, command: ['nft'], guarded };
  const child = lab.spawn('firewall', [process.execPath, join(import.meta.dirname, 'child.ts'), JSON.stringify(order)]);
  child.stderr?.pipe(process.stderr);
}

/** `tipline run ingest enrich` on the firewall, with feeds that outsiders reach and a file that its operator vouches for. */
export async function startPipeline(lab: Lab, data: string): Promise<{ vetted: string }> {
  const vetted = join(data, 'vetted.ndjson');
  const file = join(data, 'tipline.yaml');
  const at = (port: number): string => `${HOST.own[0]}:${port}`;
  const configuration = {
    data,
    http: { listen: 'off' },
    log: 'error',
    feeds: [
      { name: 'tcp', type: 'tcp', listen: at(PORTS.tcp), trust_source: true },
      { name: 'open', type: 'tcp', listen: at(PORTS.open), may_block: true },
      { name: 'push', type: 'http-push', listen: at(PORTS.push), token: TOKEN, trust_source: true },
      { name: 'vetted', type: 'file', path: vetted },
    ],
  };
  writeFileSync(file, stringify(configuration));
  const main = join(import.meta.dirname, '../../cli/main.ts');
  const child = lab.spawn('firewall', [process.execPath, main, '--config', file, 'run', 'ingest', 'enrich']);
  child.stderr?.pipe(process.stderr);
  child.stdout?.resume();
  const listens = async (port: number): Promise<boolean> => {
    const flow = await lab.open({ from: 'attacker', to: HOST.own[0], port }).catch(() => undefined);
    await flow?.close();
    return flow !== undefined;
  };
  for (const port of Object.values(PORTS)) await until(() => listens(port), { what: `port ${port}`, timeout: 30_000 });
  return { vetted };
}

/** What an outsider says of each, as badly as it can be said, in the name of the feed that is right. */
export function accusationsOf(values: readonly string[]): string {
  const says = { source: 'vetted', confidence: 99, severity: 99, tags: ['malicious'] };
  return values.map((indicator) => `${JSON.stringify({ indicator, ...says })}\n`).join('');
}

/** What 64 voices of an outsider, one of them in the name of the feed that is right, say against each: it was none, from an hour hence. */
export function denialsOf(values: readonly string[]): string[] {
  const says = { confidence: 0, revoked: true, timestamp: new Date(Date.now() + 3_600_000).toISOString() };
  const voices = ['vetted', ...Array.from({ length: 63 }, (_, at) => `voice${at}`)];
  return values.flatMap((indicator) => voices.map((source) => `${JSON.stringify({ indicator, source, ...says })}\n`));
}

/** Sends lines of JSON from where the attacker sits, through a socket of that feed; resolves when all were taken. */
export async function sendTo(lab: Lab, data: string, feed: keyof typeof PORTS, lines: string): Promise<void> {
  const file = join(data, `${feed}.ndjson`);
  writeFileSync(file, lines);
  const program = join(import.meta.dirname, 'outsider.ts');
  const order = [feed === 'push' ? 'push' : 'tcp', HOST.own[0], String(PORTS[feed]), file, TOKEN];
  await lab.exec('attacker', [process.execPath, program, ...order]);
}

/** Of these sources, how many reach the firewall, and what is behind it, with packets. */
export async function reached(lab: Lab, sources: readonly string[]): Promise<number> {
  const ways = sources.flatMap((sourceAddress) =>
    [lab.addresses.firewall.v4[0], lab.addresses.server.v4[0]].map(
      (to) => ({ from: 'attacker', sourceAddress, to }) as const,
    ),
  );
  return (await Promise.all(ways.map((way) => lab.reaches(way)))).filter(Boolean).length / 2;
}

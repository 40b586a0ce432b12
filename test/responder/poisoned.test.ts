import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SlimClaim } from '../../core/contract/enriched-document.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { textOf } from '../../responder/guard.ts';
import { responderGroup } from '../../responder/worker.ts';
import { firstLine } from '../services/netns/namespace.ts';
import { type Lab, withNamespaces } from '../services/netns.ts';
import { until } from '../services/wait.ts';
import { type Desk, NAME, openDesk } from './desk.ts';
import { claimAt, documentOf } from './documents.ts';
import { HOST, POISONED } from './poisoned-list.ts';

const SSH_PORT = 2222;
/** What the feed that is right lists: at the attacker's, with real packets, and a network. */
const VETTED = ['45.10.20.201', '45.10.20.202', '2a09:aa::201', '45.10.20.208/29'];
const BEHIND_VETTED = ['45.10.20.201', '45.10.20.202', '45.10.20.210'];
/** What outsiders list, and from where real packets come. */
const OUTSIDE = ['45.10.20.150', '45.10.20.151'];

/** The same numbers every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** So many different addresses, of /8 networks from `first` on that are nobody's special ones. */
function addressesFrom(first: number, count: number, seed: number): string[] {
  const next = random(seed);
  const found = new Set<string>();
  while (found.size < count) {
    const bits = next();
    found.add(`${first + (bits & 7)}.${(bits >>> 8) & 255}.${(bits >>> 16) & 255}.${(bits >>> 24) & 255}`);
  }
  return [...found];
}

const allNetworks = Array.from({ length: 65_536 }, (_, at) => `${at >> 8}.${at & 255}.0.0/16`);

async function publishAll(desk: Desk, values: readonly string[], claim: Partial<SlimClaim>, score: number) {
  for (let at = 0; at < values.length; at += 1000) {
    const moment = Date.now();
    const claims = [claimAt(moment, { ...claim, score })];
    await desk.publish(
      ...values.slice(at, at + 1000).map((value) => documentOf(value, moment, { claims, threat_score: score })),
    );
  }
}

/** Gives the firewall public addresses, gateways in several tables and an SSH server, and the attacker the far ends. */
async function prepare(lab: Lab): Promise<void> {
  const ip = (place: 'attacker' | 'firewall', lines: string[]) =>
    lab.exec(place, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  const far4 = [...HOST.gateways, ...HOST.resolvers, HOST.admin, ...HOST.peers, ...OUTSIDE, ...BEHIND_VETTED];
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

function startResponder(lab: Lab, desk: Desk): void {
  const etc = join(desk.data, 'etc');
  mkdirSync(etc);
  writeFileSync(join(etc, 'resolv.conf'), HOST.resolvers.map((address) => `nameserver ${address}\n`).join(''));
  const guarded = { etc, own: HOST.ownNetworks, peers: HOST.peers };
  const order = { data: desk.data, command: ['nft'], guarded };
  const child = lab.spawn('firewall', [process.execPath, join(import.meta.dirname, 'child.ts'), JSON.stringify(order)]);
  child.stderr?.pipe(process.stderr);
}

/** Whether packets from these addresses reach the firewall and what is behind it. */
async function reached(lab: Lab, sources: readonly string[]): Promise<number> {
  const ways = sources.flatMap((sourceAddress) =>
    [lab.addresses.firewall.v4[0], lab.addresses.server.v4[0]].map(
      (to) => ({ from: 'attacker', sourceAddress, to }) as const,
    ),
  );
  return (await Promise.all(ways.map((way) => lab.reaches(way)))).filter(Boolean).length / 2;
}

function print(t: TestContext, rows: readonly (readonly (string | number)[])[]): void {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => String(row[at]).length)));
  for (const row of rows)
    t.diagnostic(
      row
        .map((cell, at) => String(cell).padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

test('a poisoned list, all of the internet and 200,000 addresses beside one feed that is right', async (t) => {
  assert.equal(POISONED.length, 80);
  await withNamespaces(async (lab) => {
    const desk = await openDesk(t);
    await prepare(lab);
    const admin = await lab.open({ from: 'attacker', to: HOST.own[0], port: SSH_PORT, sourceAddress: HOST.admin });
    const needed = ['45.10.20.254', '45.10.20.253', '45.10.20.252', '45.10.20.53', HOST.admin, '45.10.20.90'];
    assert.equal(await reached(lab, [...needed, ...OUTSIDE, ...BEHIND_VETTED]), 11, 'all is open before');
    startResponder(lab, desk);

    const byTcp = [...OUTSIDE, ...addressesFrom(60, 49_998, 1)];
    const byPush = addressesFrom(70, 50_000, 2);
    const flood = addressesFrom(80, 100_000, 3);
    const began = performance.now();
    await publishAll(desk, POISONED, { feed: 'poisoned' }, 99);
    await publishAll(desk, allNetworks, { feed: 'everything' }, 95);
    await publishAll(desk, byTcp, { feed: 'tcp', source: 'vetted', outside: true }, 99);
    await publishAll(desk, byPush, { feed: 'push', source: 'vetted', outside: true }, 99);
    await publishAll(desk, flood, { feed: 'flood' }, 90);
    await until(async () => (await desk.bus.lag(TOPICS.enriched, responderGroup(NAME))) === 0, {
      what: 'all of it to be read',
      timeout: 900_000,
    });
    const queued = desk.ledger.rows.counts().waiting;
    const asked = performance.now();
    await publishAll(desk, VETTED, { feed: 'vetted' }, 99);
    const backend = createNftables({ chains: ['input'], command: lab.command('firewall', ['nft']) });
    const kernel = async () => new Set((await backend.list(0)).map(({ prefix }) => textOf(prefix)));
    await until(async () => VETTED.every((value) => desk.ledger.rows.get(value)?.state === 'enforced'), {
      what: "the vetted feed's blocks",
      timeout: 120_000,
    });
    const stands = performance.now() - asked;
    const held = await kernel();

    assert.equal(await admin.echoes(), true, 'who is logged in stays so');
    assert.equal(await reached(lab, needed), needed.length, 'gateways, resolver, login, broker');
    assert.equal(await reached(lab, OUTSIDE), OUTSIDE.length, 'what outsiders listed');
    assert.equal(await reached(lab, BEHIND_VETTED), 0, 'what the feed that is right listed');
    assert.equal(await lab.reaches({ from: 'server', to: lab.addresses.firewall.v4[1] }), true);

    const states = (values: readonly string[]) => {
      const rows = values.map((value) => desk.ledger.rows.get(value));
      const count = (state: string) => rows.filter((row) => row?.state === state).length;
      const blocked = values.filter((value) => held.has(value)).length;
      return [values.length, blocked, count('waiting'), count('refused'), rows.filter((row) => !row).length];
    };
    const lists = [
      ['poisoned', POISONED],
      ['every /16', allNetworks],
      ['outside, tcp', byTcp],
      ['outside, push', byPush],
      ['flood', flood],
      ['vetted', VETTED],
    ] as const;
    const table = lists.map(([name, values]) => [name, ...states(values)] as const);
    print(t, [['feed', 'listed', 'blocked', 'waiting', 'refused', 'not taken up'], ...table]);
    t.diagnostic(`${queued} waited when the vetted feed came; its blocks stood after ${(stands / 1000).toFixed(1)} s`);
    t.diagnostic(`all was read ${((asked - began) / 1000).toFixed(0)} s after the first was published`);
    const codes = Map.groupBy(POISONED, (value) => desk.ledger.rows.get(value)?.code ?? 'none');
    print(t, [['poisoned list', 'lines'], ...[...codes].map(([code, values]) => [code, values.length] as const)]);

    assert.deepEqual(table[0]?.slice(1), [80, 0, 0, 80, 0], 'no line of the poisoned list');
    assert.deepEqual(table[1]?.slice(1), [65_536, 0, 0, 65_536, 0], 'no /16');
    assert.deepEqual(table[2]?.slice(1), [50_000, 0, 0, 0, 50_000], 'nothing by tcp');
    assert.deepEqual(table[3]?.slice(1), [50_000, 0, 0, 0, 50_000], 'nothing by push');
    assert.deepEqual(table[5]?.slice(1), [VETTED.length, VETTED.length, 0, 0, 0], 'all of the vetted feed');
    assert.ok(queued > 90_000, `${queued} waited`);
    assert.ok(stands < 60_000, `${stands} ms`);
    await admin.close();
  });
});

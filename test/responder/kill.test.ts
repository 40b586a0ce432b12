import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { textOf } from '../../responder/guard.ts';
import { requestUnblock } from '../../responder/ledger/requests.ts';
import { makeNamespaces, type Namespace } from '../services/netns/namespace.ts';
import { type Desk, openDesk } from './desk.ts';
import { documentOf } from './documents.ts';

const CHILD = join(import.meta.dirname, 'child.ts');

interface Scene {
  readonly desk: Desk;
  readonly network: Namespace;
}

async function withScene(t: TestContext, work: (scene: Scene) => Promise<void>): Promise<void> {
  const desk = await openDesk(t);
  const [network] = await makeNamespaces(1);
  assert.ok(network);
  try {
    await work({ desk, network });
  } finally {
    network.release();
  }
}

/** Runs a responder until it settles or dies; `afterMs` kills it from outside. Returns how it ended. */
async function runChild({ desk, network }: Scene, killAt?: string, afterMs?: number): Promise<'settled' | 'killed'> {
  const order = { data: desk.data, command: network.command(['nft']), killAt, maxChanges: 7 };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const settled = once(child.stdout, 'data').then(() => 'settled' as const);
  const closed = once(child, 'close').then(([code, signal]) => {
    assert.equal(signal, 'SIGKILL', `ended with ${code}: ${complaints}`);
    return 'killed' as const;
  });
  const timer = afterMs === undefined ? undefined : sleep(afterMs).then(() => child.kill('SIGKILL'));
  const end = await Promise.race([settled, closed]);
  await timer;
  child.kill('SIGKILL');
  await closed;
  return end;
}

const wave1 = (): EnrichedDocument[] => [
  ...Array.from({ length: 20 }, (_, at) => documentOf(`9.1.1.${at}`, Date.now())),
  ...['9.5.1.0/24', '9.5.2.0/24', '2a00:1::/48'].map((network) => documentOf(network, Date.now())),
];

/** New ones, renewals, revocations, and a network that swallows two others and some hosts. */
const wave2 = (): EnrichedDocument[] => [
  ...Array.from({ length: 20 }, (_, at) => documentOf(`9.2.2.${at}`, Date.now())),
  documentOf('9.5.2.7', Date.now()),
  documentOf('9.5.0.0/20', Date.now()),
  ...Array.from({ length: 5 }, (_, at) => documentOf(`9.1.1.${at}`, Date.now(), { revision: 2 })),
  ...Array.from({ length: 5 }, (_, at) =>
    documentOf(`9.1.1.${at + 5}`, Date.now(), { revision: 2, status: 'revoked' }),
  ),
  documentOf('2a00:1::/48', Date.now(), { revision: 2, status: 'expired' }),
];

const expectedBlocks = [
  ...Array.from({ length: 20 }, (_, at) => `9.1.1.${at}`).filter((_, at) => at < 5 || at >= 10),
  ...Array.from({ length: 20 }, (_, at) => `9.2.2.${at}`),
  ...['9.5.1.0/24', '9.5.2.0/24', '9.5.0.0/20', '9.5.2.7'],
].sort();

/** Ledger = kernel = what was asked for; every action told, under one id each. */
async function verify({ desk, network }: Scene): Promise<void> {
  const rows = desk.ledger.rows.list({ limit: 1000 });
  assert.deepEqual(
    rows
      .filter(({ state }) => state === 'enforced')
      .map(({ value }) => value)
      .sort(),
    expectedBlocks,
  );
  assert.ok(rows.every(({ state, dirty }) => !dirty && ['enforced', 'released'].includes(state)));

  const backend = createNftables({ chains: ['input', 'forward', 'output'], command: network.command(['nft']) });
  const now = Date.now();
  const kernel = new Map((await backend.list(now)).map(({ prefix, until }) => [textOf(prefix), until]));
  const believed = rows.filter(({ kernelUntil }) => kernelUntil > 0);
  assert.deepEqual([...kernel.keys()].sort(), believed.map(({ value }) => value).sort());
  for (const row of believed)
    assert.ok(Math.abs((kernel.get(row.value) ?? 0) - row.until) < 3000, `${row.value}: deadline`);
  for (const value of ['9.5.1.0/24', '9.5.2.0/24']) {
    assert.equal(rows.find((row) => row.value === value)?.coveredBy, '9.5.0.0/20');
  }

  const ids = new Map<string, Set<string>>();
  for (const action of await desk.actions()) {
    const key = `${action.verb} ${action.indicator?.value}`;
    ids.set(key, (ids.get(key) ?? new Set()).add(action.id));
  }
  const revoked = [...[5, 6, 7, 8, 9].map((at) => `9.1.1.${at}`), '2a00:1::/48'];
  const expected = [
    ...[...expectedBlocks, ...revoked].map((value) => `block ${value}`),
    ...revoked.map((value) => `unblock ${value}`),
  ];
  assert.deepEqual([...ids.keys()].sort(), expected.sort());
  for (const [key, set] of ids) assert.equal(set.size, 1, `${key}: one id`);
  assert.deepEqual(desk.ledger.actions.unpublished(10), []);
}

const POINTS = [
  'after-intent',
  'after-nft',
  'after-nft:3',
  'after-enforced',
  'after-enforced:4',
  'after-publish',
  'before-commit',
];

for (const point of POINTS) {
  test(`killed ${point}: the next start ends where an undisturbed one would`, async (t) => {
    await withScene(t, async (scene) => {
      await scene.desk.publish(...wave1());
      assert.equal(await runChild(scene, `responder:${point}`), 'killed', 'in the first wave');
      assert.equal(await runChild(scene), 'settled');
      await scene.desk.publish(...wave2());
      assert.equal(await runChild(scene, `responder:${point}`), 'killed', 'in the second wave');
      assert.equal(await runChild(scene), 'settled');
      await verify(scene);
    });
  });
}

test('killed at any moment, many times', async (t) => {
  await withScene(t, async (scene) => {
    await scene.desk.publish(...wave1());
    assert.equal(await runChild(scene), 'settled');
    await scene.desk.publish(...wave2());
    let killed = 0;
    for (let round = 0; round < 12; round += 1) {
      if ((await runChild(scene, undefined, 200 + round * 60)) === 'killed') killed += 1;
    }
    t.diagnostic(`killed ${killed} times`);
    assert.equal(await runChild(scene), 'settled');
    await verify(scene);
  });
});

test('an unblock asked for while no responder runs is done at the next start', async (t) => {
  await withScene(t, async (scene) => {
    const { desk, network } = scene;
    await desk.publish(documentOf('9.1.1.1', Date.now()), documentOf('9.1.1.2', Date.now()));
    assert.equal(await runChild(scene, 'responder:after-nft'), 'killed');
    assert.equal(
      requestUnblock(desk.ledger, '9.1.1.1', { reason: 'ours', hold: 60_000 }, Date.now()).kind,
      'requested',
    );
    assert.equal(await runChild(scene), 'settled');
    const backend = createNftables({ chains: ['input'], command: network.command(['nft']) });
    assert.deepEqual(
      (await backend.list(0)).map(({ prefix }) => textOf(prefix)),
      ['9.1.1.2'],
    );
    assert.equal(desk.ledger.rows.get('9.1.1.1')?.state, 'released');
  });
});

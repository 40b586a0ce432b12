import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createDryRun } from '../../responder/backends/dry-run.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { type Clock, systemClock } from '../../responder/clock.ts';
import { textOf } from '../../responder/guard.ts';
import { requestUnblock } from '../../responder/ledger/requests.ts';
import type { Responder } from '../../responder/worker.ts';
import { runCommand } from '../services/command.ts';
import { makeNamespaces } from '../services/netns/namespace.ts';
import { until } from '../services/wait.ts';
import { type Desk, openDesk } from './desk.ts';
import { claimAt, documentOf, iso } from './documents.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The kernel tells whole seconds; a busy machine takes some to answer. */
const CLOSE = 10_000;

/** A clock whose wall time can be set; the kernel's cannot. */
function settable(): Clock & { set(by: number): void } {
  const { steady, boot } = systemClock();
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    steady,
    boot,
    set(by) {
      offset += by;
    },
  };
}

interface Scene {
  readonly desk: Desk;
  readonly clock: ReturnType<typeof settable>;
  start(): Responder;
  nft(...args: string[]): Promise<string>;
  /** What the firewall holds, with the time that is left of it. */
  kernel(): Promise<Map<string, number>>;
  /** What the ledger believes, in the same form. */
  ledger(): Map<string, number>;
}

async function withScene(t: TestContext, work: (scene: Scene) => Promise<void>): Promise<void> {
  const desk = await openDesk(t);
  const [network] = await makeNamespaces(1);
  assert.ok(network);
  const clock = settable();
  const backend = createNftables({ chains: ['input'], command: network.command(['nft']) });
  const running: Responder[] = [];
  try {
    await work({
      desk,
      clock,
      start() {
        const responder = desk.start({ backend, clock });
        running.push(responder);
        return responder;
      },
      async nft(...args) {
        const { code, stdout, stderr } = await runCommand(network.command(['nft', ...args]));
        assert.equal(code, 0, stderr);
        return stdout;
      },
      async kernel() {
        return new Map((await backend.list(0)).map(({ prefix, until }) => [textOf(prefix), until]));
      },
      ledger() {
        const rows = desk.ledger.rows.list({ states: ['enforced'] }).filter(({ kernelUntil }) => kernelUntil > 0);
        return new Map(rows.map(({ value, kernelUntil }) => [value, kernelUntil - clock.now()]));
      },
    });
  } finally {
    for (const responder of running) await responder.stop();
    network.release();
  }
}

const VALUES = ['9.1.1.1', '9.2.2.0/24', '2a00::1'];

async function assertEqual(scene: Scene, longest: number, what: string): Promise<void> {
  const [kernel, ledger] = [await scene.kernel(), scene.ledger()];
  assert.deepEqual([...kernel.keys()].sort(), [...VALUES].sort(), `${what}: the kernel`);
  assert.deepEqual([...ledger.keys()].sort(), [...VALUES].sort(), `${what}: the ledger`);
  for (const [value, left] of kernel) {
    assert.ok(Math.abs(left - (ledger.get(value) ?? 0)) < CLOSE, `${what}: ${value} ${left} ${ledger.get(value)}`);
    assert.ok(left <= longest, `${what}: ${value} got longer: ${left}`);
    assert.ok(left > 20 * HOUR, `${what}: ${value} got shorter: ${left}`);
  }
}

test('a day forward, a day back and a flush change no block, in the ledger or in the kernel', async (t) => {
  await withScene(t, async (scene) => {
    const { desk, clock } = scene;
    const responder = scene.start();
    await desk.publish(...VALUES.map((value) => documentOf(value, clock.now())));
    await desk.settled(responder);
    const asked = Math.max(...(await scene.kernel()).values());
    await assertEqual(scene, DAY, 'before');
    for (const [what, step] of [
      ['a day forward', DAY],
      ['a day back', -DAY],
      ['a week back', -7 * DAY],
    ] as const) {
      clock.set(step);
      await responder.settle();
      await assertEqual(scene, asked + 1000, what);
      await scene.nft('flush', 'ruleset');
      await until(async () => (await scene.nft('list', 'ruleset')).includes('9.1.1.1'), {
        what: 'the table to be back',
        timeout: 30_000,
      });
      await responder.settle();
      await assertEqual(scene, asked + 2000, `${what}, flushed`);
    }
  });
});

test('a clock that is set while nobody runs is seen at the next start', async (t) => {
  await withScene(t, async (scene) => {
    const { desk, clock } = scene;
    const first = scene.start();
    await desk.publish(...VALUES.map((value) => documentOf(value, clock.now())));
    await desk.settled(first);
    await first.stop();
    for (const step of [2 * DAY, -4 * DAY]) {
      clock.set(step);
      const next = scene.start();
      await next.settle();
      await assertEqual(scene, DAY, `set by ${step / DAY} days`);
      await next.stop();
    }
  });
});

test('unblock lifts what the kernel holds, whatever the ledger says', async (t) => {
  await withScene(t, async (scene) => {
    const { desk, clock } = scene;
    const responder = scene.start();
    await desk.publish(...VALUES.map((value) => documentOf(value, clock.now())));
    await desk.settled(responder);
    // the ledger lost them: one is released, one was never heard of, one is thought to be covered
    desk.ledger.write(() => {
      for (const [value, changes] of [
        ['9.1.1.1', { state: 'released', kernelUntil: 0 }],
        ['9.2.2.0/24', { kernelUntil: 0, coveredBy: '9.2.0.0/20' }],
      ] as const) {
        const row = desk.ledger.rows.get(value);
        assert.ok(row);
        desk.ledger.rows.put({ ...row, ...changes });
      }
    });
    await scene.nft('add', 'element', 'inet', 'tipline', 'hosts4', '{ 9.3.3.3 timeout 1h }');
    await scene.nft('add', 'element', 'inet', 'tipline', 'nets4', '{ 9.4.4.0/24 timeout 1h }');
    const asked = ['9.1.1.1', '9.2.2.0/24', '9.3.3.3', '9.4.4.0/24', '9.5.5.5', '9.6.6.0/24'];
    for (const value of asked) requestUnblock(desk.ledger, value, { reason: 'ours', hold: HOUR }, clock.now());
    await responder.settle();
    assert.deepEqual([...(await scene.kernel()).keys()], ['2a00::1']);
    for (const value of asked) {
      const row = desk.ledger.rows.get(value);
      assert.deepEqual([row?.state, row?.dirty, row?.kernelUntil], ['released', false, 0], value);
    }
  });
});

test('nothing waits because blocks were made in the future, and a minute stays a minute', async (t) => {
  const desk = await openDesk(t);
  const clock = settable();
  const responder = desk.start({ clock, backend: createDryRun(), config: { max_new_per_minute: 2 } });
  const publish = async (...hosts: number[]) => {
    const last = (at: number) => claimAt(clock.now(), { feed: 'list', last_seen: iso(clock.now()), severity: at });
    await desk.publish(...hosts.map((at) => documentOf(`9.1.1.${at}`, clock.now(), { claims: [last(at)] })));
    await desk.settled(responder);
  };
  await publish(1, 2, 3);
  assert.deepEqual([responder.counts().planned, responder.counts().waiting], [2, 1]);
  clock.set(DAY);
  await responder.settle();
  assert.equal(responder.counts().waiting, 1, 'a day forward gives no fresh allowance');
  clock.set(-DAY);
  await responder.settle();
  assert.equal(responder.counts().waiting, 1);
  // what another boot left behind, when the clock was a day ahead
  desk.ledger.write(() => {
    for (const row of desk.ledger.rows.list({ states: ['planned'] }))
      desk.ledger.rows.put({ ...row, blockedAt: row.blockedAt + DAY, until: row.until + DAY });
  });
  await responder.settle();
  assert.equal(responder.counts().waiting, 0);
  for (const row of desk.ledger.rows.list({ states: ['planned'] }))
    assert.ok(row.until <= clock.now() + DAY, 'and no block is longer than asked');
});

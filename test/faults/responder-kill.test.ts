import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AUDIT_SUBSCRIPTIONS } from '../../audit/worker.ts';
import type { Action } from '../../core/contract/action.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import type { BlockState } from '../../responder/ledger/block-row.ts';
import { type Ledger, ledgerPath, openLedger } from '../../responder/ledger/ledger.ts';
import { responderGroup } from '../../responder/worker.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { until } from '../services/wait.ts';

const BLOCKS = Number(process.env.TIPLINE_FAULT_BLOCKS ?? 900);
/** A killed member of a Kafka group is missed for ten seconds, in each of the groups. */
const PATIENCE = 120_000;
const GUARDED = '45.128.0.7';
/** Seen by a source that is not sure enough. */
const UNSURE = '45.10.0.1';

const addresses = Array.from({ length: BLOCKS }, (_, n) => `45.9.${n >> 8}.${n & 255}`);
const revoked = addresses.filter((_, n) => n % 10 === 0);

type Said = Record<string, unknown> & { indicator: string };

async function publish(lab: Lab, statements: readonly Said[]): Promise<void> {
  const common = { source: 'list', confidence: 90, severity: 90, tags: ['malicious'] };
  await lab.bus.publish(
    TOPICS.raw,
    statements.map((said) => ({
      key: said.indicator,
      value: JSON.stringify({ ...common, ...said }),
      headers: { [FEED_HEADER]: 'list' },
    })),
  );
}

async function withLab(work: (lab: Lab, ledger: () => Ledger) => Promise<void>): Promise<void> {
  const lab = await openLab();
  let ledger: Ledger | undefined;
  try {
    lab.configure({
      enrich: { batch: 200, geo: { default: 'off' } },
      own: [GUARDED],
      responder: { name: 'fw1', mode: 'dry-run', max_new_per_minute: 100_000 },
    });
    // a responder alone sets nothing up
    assert.equal((await lab.run(['setup'])).code, 0);
    // a responder that has seen an empty store follows the topic alone from then on
    const { code, stderr } = await lab.run(['run', 'responder', '--once']);
    assert.equal(code, 0, stderr);
    await publish(lab, [
      ...addresses.map((indicator) => ({ indicator })),
      { indicator: GUARDED },
      { indicator: UNSURE, confidence: 79 },
    ]);
    await work(lab, () => {
      ledger ??= openLedger(ledgerPath(join(lab.folder, 'data'), 'fw1'));
      return ledger;
    });
  } finally {
    ledger?.close();
    await lab.close();
  }
}

/** Runs it to the end of all topics, and stops it. */
async function catchUp(lab: Lab, ledger: Ledger): Promise<void> {
  const running = lab.start(['run', 'enrich', 'responder', 'audit']);
  const behind = async (topic: string, group: string): Promise<boolean> => (await lab.bus.lag(topic, group)) > 0;
  await until(
    async () => {
      if (await behind(TOPICS.raw, ENRICH_GROUP)) return false;
      if (await behind(TOPICS.enriched, responderGroup('fw1'))) return false;
      if (ledger.actions.unpublished(1).length > 0) return false;
      const { waiting, 'intent-block': blocking, 'intent-unblock': lifting } = ledger.rows.counts();
      if (waiting + blocking + lifting > 0) return false;
      const { topic, group } = AUDIT_SUBSCRIPTIONS.actions;
      return !(await behind(topic, group));
    },
    { what: 'the responder to catch up', timeout: PATIENCE, every: 200 },
  );
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
}

/** Ids of the actions on the topic, by what they did. */
async function actionsOf(lab: Lab): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for await (const { value } of lab.bus.scan(TOPICS.actions)) {
    const { id, verb, outcome, indicator } = JSON.parse(value.toString()) as Action;
    const what = `${outcome} ${verb} ${indicator?.value}`;
    found.set(what, (found.get(what) ?? new Set()).add(id));
  }
  return found;
}

/** The ledger has what was asked for, and the topic tells of all of it under one id each. */
async function verify(lab: Lab, ledger: Ledger, lifted: readonly string[]): Promise<void> {
  const rows = ledger.rows.list({ limit: BLOCKS * 2 });
  const inState = (state: BlockState): string[] => rows.filter((row) => row.state === state).map(({ value }) => value);
  const standing = addresses.filter((value) => !lifted.includes(value));
  assert.deepEqual(new Set(inState('planned')), new Set(standing));
  assert.deepEqual(inState('refused'), [GUARDED]);
  assert.equal(rows.length, standing.length + 1 + inState('released').length, 'nothing is left half done');

  const actions = await actionsOf(lab);
  for (const [what, ids] of actions) assert.equal(ids.size, 1, `${what}: one id`);
  const told = (what: string): boolean => actions.has(what);
  for (const value of standing) {
    assert.ok(told(`planned block ${value}`), `the block of ${value} is told of`);
    assert.ok(!told(`planned unblock ${value}`), value);
  }
  const released = new Set(inState('released'));
  for (const value of lifted) {
    // taken back before it was ever planned: then there is nothing to tell of either
    assert.equal(told(`planned unblock ${value}`), told(`planned block ${value}`), value);
    if (told(`planned block ${value}`)) assert.ok(released.has(value), value);
  }
  assert.ok(told(`refused refuse ${GUARDED}`));
  assert.ok([...actions.keys()].every((what) => !what.includes(UNSURE) && !what.startsWith('done ')));
  assert.equal(await lab.count('threat_actions-*'), actions.size, 'the journal has each once');
}

describe('a responder that is killed', { concurrency: 3 }, () => {
  const points = [
    'responder:after-intent',
    'responder:after-nft:2',
    'responder:after-enforced',
    'responder:after-publish',
    'responder:before-commit:2',
  ];
  for (const point of points) {
    it(`at ${point}: ledger and topic agree, also on what was revoked meanwhile`, () =>
      withLab(async (lab, ledger) => {
        const first = await lab.start(['run', 'enrich', 'responder'], { TIPLINE_KILL_AT: point }).ended;
        assert.equal(first.signal, 'SIGKILL', first.stderr);
        await publish(
          lab,
          revoked.map((indicator) => ({
            indicator,
            revoked: true,
            timestamp: new Date(Date.now() + 1000).toISOString(),
          })),
        );
        await catchUp(lab, ledger());
        await verify(lab, ledger(), revoked);
      }));
  }

  it('and asked meanwhile to lift a block: it does at its next start', () =>
    withLab(async (lab, ledger) => {
      const { child, ended } = lab.start(['run', 'enrich', 'responder']);
      const [value = ''] = addresses;
      await until(async () => (await actionsOf(lab)).has(`planned block ${value}`), {
        what: 'the first blocks',
        timeout: PATIENCE,
      });
      child.kill('SIGKILL');
      await ended;
      const asked = await lab.run(['unblock', value, '--reason', 'customer called']);
      assert.match(asked.stdout, /is lifted at the next start of the responder, which is not running/);
      await catchUp(lab, ledger());
      await verify(lab, ledger(), [value]);
      assert.equal(ledger().rows.get(value)?.code, 'OPERATOR');
    }));
});

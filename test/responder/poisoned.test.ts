import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { EnrichedDocument, SlimClaim } from '../../core/contract/enriched-document.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { textOf } from '../../responder/guard.ts';
import { responderGroup } from '../../responder/worker.ts';
import { withNamespaces } from '../services/netns.ts';
import { until } from '../services/wait.ts';
import { type Desk, NAME, openDesk } from './desk.ts';
import { claimAt, documentOf } from './documents.ts';
import { addressesFrom, allNetworks } from './drawn-addresses.ts';
import {
  accusationsOf,
  denialsOf,
  prepareHost,
  reached,
  SSH_PORT,
  sendTo,
  startGuardedResponder,
  startPipeline,
} from './poisoned-host.ts';
import { HOST, POISONED } from './poisoned-list.ts';

/** What the feed that is right lists: at the attacker's, with real packets, and a network. */
const VETTED = ['45.10.20.201', '45.10.20.202', '2a09:aa::201', '45.10.20.208/29'];
const BEHIND_VETTED = ['45.10.20.201', '45.10.20.202', '45.10.20.210'];
/** What outsiders list, and from where real packets come. */
const OUTSIDE = ['45.10.20.150', '45.10.20.151'];
/** What an outsider lists through a feed that may block: the same way would lead to the firewall. */
const OPEN = ['45.10.20.152'];

async function publishAll(desk: Desk, values: readonly string[], claim: Partial<SlimClaim>, score: number) {
  for (let at = 0; at < values.length; at += 1000) {
    const moment = Date.now();
    const claims = [claimAt(moment, { ...claim, score })];
    await desk.publish(
      ...values.slice(at, at + 1000).map((value) => documentOf(value, moment, { claims, threat_score: score })),
    );
  }
}

/** Waits until so many records were taken over by the feeds, and all that came of them was read by the responder. */
async function allRead(desk: Desk, records: number): Promise<void> {
  // a group that never read anything has all of the topic before it
  const taken = async () => (await desk.bus.lag(TOPICS.raw, 'nobody')) >= records;
  const enriched = async () => (await desk.bus.lag(TOPICS.raw, ENRICH_GROUP)) === 0;
  const read = async () => (await desk.bus.lag(TOPICS.enriched, responderGroup(NAME))) === 0;
  await until(async () => (await taken()) && (await enriched()) && (await read()), {
    what: 'all of it to be read',
    timeout: 240_000,
  });
}

/** How many indicators came through each feed, and of how many what it said is marked as from outside. */
async function cameThrough(desk: Desk): Promise<Map<string, [indicators: number, outside: number]>> {
  const indicators = new Map<string, Set<string>>();
  const outside = new Map<string, Set<string>>();
  const note = (sets: Map<string, Set<string>>, feed: string, id: string): void => {
    sets.set(feed, (sets.get(feed) ?? new Set()).add(id));
  };
  for await (const { value } of desk.bus.scan(TOPICS.enriched)) {
    const { tipline }: EnrichedDocument = JSON.parse(value.toString());
    for (const claim of tipline.claims) {
      note(indicators, claim.feed ?? 'none', tipline.id);
      if (claim.outside) note(outside, claim.feed ?? 'none', tipline.id);
    }
  }
  return new Map([...indicators].map(([feed, ids]) => [feed, [ids.size, outside.get(feed)?.size ?? 0]]));
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

test('a poisoned list, all of the internet and 200,000 addresses, half of them by sockets, beside one feed that is right', {
  timeout: 300_000,
}, async (t) => {
  assert.equal(POISONED.length, 80);
  await withNamespaces(async (lab) => {
    const desk = await openDesk(t);
    await prepareHost(lab, [...OUTSIDE, ...OPEN, ...BEHIND_VETTED]);
    const admin = await lab.open({ from: 'attacker', to: HOST.own[0], port: SSH_PORT, sourceAddress: HOST.admin });
    const needed = ['45.10.20.254', '45.10.20.253', '45.10.20.252', '45.10.20.53', HOST.admin, '45.10.20.90'];
    assert.equal(await reached(lab, [...needed, ...OUTSIDE, ...OPEN, ...BEHIND_VETTED]), 12, 'all is open before');
    startGuardedResponder(lab, desk.data);
    const { vetted } = await startPipeline(lab, desk.data);

    const byTcp = [...OUTSIDE, ...addressesFrom(60, 49_998, 1)];
    const byPush = addressesFrom(70, 50_000, 2);
    const flood = addressesFrom(80, 100_000, 3);
    const began = performance.now();
    const crafted = async () => {
      await publishAll(desk, POISONED, { feed: 'poisoned' }, 99);
      await publishAll(desk, allNetworks, { feed: 'everything' }, 95);
      await publishAll(desk, flood, { feed: 'flood' }, 90);
    };
    const send = sendTo.bind(undefined, lab, desk.data);
    await Promise.all([
      crafted(),
      send('open', accusationsOf(OPEN)),
      send('tcp', accusationsOf(byTcp)),
      send('push', accusationsOf(byPush)),
    ]);
    const listed = OPEN.length + byTcp.length + byPush.length;
    await allRead(desk, listed);
    const queued = desk.ledger.rows.counts().waiting;
    const asked = performance.now();
    appendFileSync(vetted, accusationsOf(VETTED));
    const backend = createNftables({ chains: ['input'], command: lab.command('firewall', ['nft']) });
    const kernel = async () => new Set((await backend.list(0)).map(({ prefix }) => textOf(prefix)));
    await until(async () => VETTED.every((value) => desk.ledger.rows.get(value)?.state === 'enforced'), {
      what: "the vetted feed's blocks",
      timeout: 120_000,
    });
    const stands = performance.now() - asked;
    const denied = denialsOf(VETTED);
    await Promise.all([send('tcp', denied.join('')), send('push', denied.join(''))]);
    await allRead(desk, listed + VETTED.length + 2 * denied.length);
    const held = await kernel();

    assert.equal(await admin.echoes(), true, 'who is logged in stays so');
    assert.equal(await reached(lab, needed), needed.length, 'gateways, resolver, login, broker');
    assert.equal(await reached(lab, OUTSIDE), OUTSIDE.length, 'what outsiders listed');
    assert.equal(await reached(lab, BEHIND_VETTED), 0, 'what the feed that is right listed, and outsiders denied');
    assert.equal(await reached(lab, OPEN), 0, 'what came through a feed that may block');
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
      ['open, tcp', OPEN],
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
    assert.deepEqual(table[6]?.slice(1), [1, 1, 0, 0, 0], 'by tcp too, where the operator says so');
    const came = await cameThrough(desk);
    assert.deepEqual(came.get('tcp'), [byTcp.length + VETTED.length, byTcp.length + VETTED.length]);
    assert.deepEqual(came.get('push'), [byPush.length + VETTED.length, byPush.length + VETTED.length]);
    assert.deepEqual(
      [came.get('vetted'), came.get('open')],
      [
        [VETTED.length, 0],
        [OPEN.length, 0],
      ],
    );
    assert.ok(queued > 90_000, `${queued} waited`);
    assert.ok(stands < 60_000, `${stands} ms`);
    await admin.close();
  });
});

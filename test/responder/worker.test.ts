import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Action } from '../../core/contract/action.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { silentLog } from '../../core/process/log.ts';
import { noSeam } from '../../core/process/seam.ts';
import { createDryRun } from '../../responder/backends/dry-run.ts';
import { createFuse } from '../../responder/fuse.ts';
import { createGuard } from '../../responder/guard.ts';
import type { Ledger } from '../../responder/ledger/ledger.ts';
import { listBlocks, requestUnblock } from '../../responder/ledger/requests.ts';
import { neverBlockLines } from '../../responder/never-block.ts';
import { policyTerms } from '../../responder/policy.ts';
import { createRounds } from '../../responder/round.ts';
import { until } from '../services/wait.ts';
import { emptyStore, openDesk } from './desk.ts';
import { claimAt, documentOf } from './documents.ts';
import { rowOf } from './rows.ts';

const brief = (actions: Action[]) =>
  actions.map(({ verb, outcome, code, indicator }) => [verb, outcome, code, indicator?.value]);
const now = () => Date.now();

it('plans in dry-run, once an address, and says so on the topic', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  await desk.publish(documentOf('9.1.2.3', now()), documentOf('9.2.0.0/20', now()), documentOf('2a00::1', now()));
  await desk.settled(responder);
  await desk.publish(documentOf('9.1.2.3', now(), { revision: 2 }));
  await desk.settled(responder);
  const actions = await desk.actions();
  assert.deepEqual(brief(actions).sort(), [
    ['block', 'planned', undefined, '2a00::1'],
    ['block', 'planned', undefined, '9.1.2.3'],
    ['block', 'planned', undefined, '9.2.0.0/20'],
  ]);
  const first = actions.find(({ indicator }) => indicator?.value === '9.1.2.3');
  assert.equal(first?.actor, 'fw1');
  assert.equal(first?.revision, 1);
  assert.equal(first?.threat_score, 90);
  assert.match(first?.reason ?? '', /^would block 9\.1\.2\.3: feed says so with confidence 90/);
  assert.deepEqual(responder.counts(), { planned: 3, enforced: 0, refused: 0, waiting: 0 });
  await responder.stop();
});

it('lifts what is revoked, and does no harm with late or repeated records', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  await desk.publish(documentOf('9.1.2.3', now()));
  await desk.settled(responder);
  await desk.publish(documentOf('9.1.2.3', now(), { revision: 3, status: 'revoked' }));
  await desk.settled(responder);
  await desk.publish(
    documentOf('9.1.2.3', now(), { revision: 2 }),
    documentOf('9.1.2.3', now(), { revision: 3, status: 'revoked' }),
  );
  await desk.settled(responder);
  assert.deepEqual(brief(await desk.actions()), [
    ['block', 'planned', undefined, '9.1.2.3'],
    ['unblock', 'planned', 'REVOKED', '9.1.2.3'],
  ]);
  assert.deepEqual(
    listBlocks(desk.ledger).map(({ state }) => state),
    ['released'],
  );
});

it('refuses what the guard spares, and tells it once', async (t) => {
  const desk = await openDesk(t);
  const guard = createGuard(neverBlockLines(['8.8.8.8 # resolver'], 'ours.txt'));
  const responder = desk.start({ guard });
  await desk.publish(
    documentOf('8.8.8.8', now()),
    documentOf('8.8.0.0/20', now()),
    documentOf('10.0.0.1', now()),
    documentOf('9.0.0.0/8', now()),
  );
  await desk.settled(responder);
  await desk.publish(documentOf('8.8.8.8', now(), { revision: 2 }));
  await desk.settled(responder);
  assert.deepEqual(brief(await desk.actions()).sort(), [
    ['refuse', 'refused', 'FUSE_PREFIX_WIDTH', '9.0.0.0/8'],
    ['refuse', 'refused', 'GUARD_NEVER_BLOCK', '8.8.0.0/20'],
    ['refuse', 'refused', 'GUARD_NEVER_BLOCK', '8.8.8.8'],
    ['refuse', 'refused', 'GUARD_SPECIAL_PURPOSE', '10.0.0.1'],
  ]);
  const [first] = await desk.actions();
  assert.equal(first?.reason, 'would not block 8.8.8.8: 8.8.8.8 must stay reachable: resolver (ours.txt)');
  assert.equal(responder.counts().refused, 4);
});

it('lets the rest wait when many come at once, and takes the highest scores first', async (t) => {
  const desk = await openDesk(t);
  let clock = now();
  const responder = desk.start({ config: { max_new_per_minute: 3 }, now: () => clock });
  const scores = [50, 91, 70, 99, 60, 80, 95];
  await desk.publish(...scores.map((score, at) => documentOf(`9.1.2.${at}`, clock, { threat_score: score })));
  await desk.settled(responder);
  const planned = () => listBlocks(desk.ledger, { states: ['planned'] }).map(({ score }) => score);
  assert.deepEqual(planned(), [99, 95, 91]);
  assert.deepEqual(responder.counts(), { planned: 3, enforced: 0, refused: 0, waiting: 4 });
  clock += 60_001;
  await until(() => planned().length === 6, { what: 'the next minute’s allowance' });
  assert.deepEqual(planned(), [99, 95, 91, 80, 70, 60]);
  clock += 30_000;
  await responder.settle();
  assert.equal(planned().length, 6, 'no more within the minute');
  clock += 30_001;
  await responder.settle();
  assert.equal(responder.counts().waiting, 0);
});

it('gives no fresh allowance to a restart', async (t) => {
  const desk = await openDesk(t);
  const first = desk.start({ config: { max_new_per_minute: 2 } });
  await desk.publish(...[1, 2, 3, 4].map((at) => documentOf(`9.1.2.${at}`, now())));
  await desk.settled(first);
  await first.stop();
  const second = desk.start({ config: { max_new_per_minute: 2 } });
  await desk.settled(second);
  assert.deepEqual(second.counts(), { planned: 0, enforced: 0, refused: 0, waiting: 2 });
});

it('refuses beyond max_active', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start({ config: { max_active: 2 } });
  await desk.publish(...[1, 2, 3].map((at) => documentOf(`9.1.2.${at}`, now())));
  await desk.settled(responder);
  assert.deepEqual(
    brief(await desk.actions())
      .map(([verb, , code]) => [verb, code])
      .sort(),
    [
      ['block', undefined],
      ['block', undefined],
      ['refuse', 'FUSE_MAX_ACTIVE'],
    ],
  );
});

const from = (feed: string, value: string, score: number, changes = {}) =>
  documentOf(value, now(), { threat_score: score, claims: [claimAt(now(), { feed })], ...changes });

const standing = (desk: { ledger: Ledger }) =>
  listBlocks(desk.ledger, { states: ['planned'] })
    .map(({ feed, score }) => `${feed} ${score}`)
    .sort();

it('shares a minute between feeds, best score first within each', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start({ config: { max_new_per_minute: 4 } });
  await desk.publish(
    ...[99, 98, 97, 96, 95].map((score, at) => from('loud', `9.1.2.${at}`, score)),
    ...[50, 70, 60].map((score, at) => from('quiet', `9.1.3.${at}`, score)),
  );
  await desk.settled(responder);
  assert.deepEqual(standing(desk), ['loud 98', 'loud 99', 'quiet 60', 'quiet 70']);
  assert.equal(responder.counts().waiting, 4);
});

it('gives a feed its share at once when others have used the minute up', async (t) => {
  const desk = await openDesk(t);
  let clock = now();
  const responder = desk.start({ config: { max_new_per_minute: 20 }, now: () => clock });
  await desk.publish(...Array.from({ length: 100 }, (_, at) => from('loud', `9.1.2.${at}`, 90)));
  await desk.settled(responder);
  assert.equal(responder.counts().planned, 20, 'one feed alone has all of the minute, and no more');
  await desk.publish(...[95, 99].map((score, at) => from('late', `9.1.3.${at}`, score)));
  await desk.settled(responder);
  assert.deepEqual(
    standing(desk).filter((row) => row.startsWith('late')),
    ['late 99'],
    'one in twenty',
  );
  await desk.publish(from('later', '9.1.4.1', 99));
  await desk.settled(responder);
  assert.equal(responder.counts().planned, 21, 'for all of them together');
  clock += 60_001;
  await until(() => responder.counts().planned >= 41, { what: 'the next minute' });
  assert.deepEqual(
    standing(desk).filter((row) => !row.startsWith('loud')),
    ['late 95', 'late 99', 'later 99'],
  );
});

it('makes room for a feed that holds less than its share of the queue', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start({ config: { max_active: 10, max_new_per_minute: 6 } });
  await desk.publish(...Array.from({ length: 30 }, (_, at) => from('loud', `9.1.2.${at}`, 60 + at)));
  await desk.settled(responder);
  const rows = (feed: string) =>
    listBlocks(desk.ledger, { states: ['planned', 'waiting'] }).filter((row) => row.feed === feed);
  assert.equal(rows('loud').length, 10);
  await desk.publish(...Array.from({ length: 8 }, (_, at) => from('late', `9.1.3.${at}`, 50)));
  await desk.settled(responder);
  assert.deepEqual([rows('loud').length, rows('late').length], [5, 5], 'neither more than half');
  const dropped = listBlocks(desk.ledger, { states: ['released'] });
  assert.deepEqual(new Set(dropped.map(({ code }) => code)), new Set(['FUSE_SHARE']));
  assert.match(dropped[0]?.reason ?? '', /feed loud holds more than its share, and feed late needs room/);
  const kept = Math.min(...rows('loud').map(({ score }) => score));
  assert.ok(
    dropped.filter(({ blockedAt }) => blockedAt === 0).every(({ score }) => score <= kept),
    'the worst go',
  );
});

it('lifts what stands of a feed that holds all addresses, for one that holds none', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start({ config: { max_addresses: 8192 } });
  await desk.publish(...['9.1.0.0/20', '9.2.0.0/20', '9.3.0.0/20'].map((value, at) => from('loud', value, 90 - at)));
  await desk.settled(responder);
  assert.deepEqual(standing(desk), ['loud 89', 'loud 90']);
  assert.equal(desk.ledger.rows.get('9.3.0.0/20')?.code, 'FUSE_MAX_ADDRESSES');
  await desk.publish(from('late', '9.9.9.9', 99));
  await desk.settled(responder);
  assert.deepEqual(standing(desk), ['late 99', 'loud 90']);
  assert.equal(desk.ledger.rows.get('9.2.0.0/20')?.code, 'FUSE_SHARE');
});

it('takes no network wider than /20 or /40, and no more than a million addresses, unless told', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  await desk.publish(
    ...['9.0.0.0/19', '2a00::/39', '2a01::/45'].map((value) => from('list', value, 90)),
    ...Array.from({ length: 250 }, (_, at) => from('list', `9.${at + 1}.0.0/20`, 90)),
  );
  await desk.settled(responder);
  const code = (value: string) => desk.ledger.rows.get(value)?.code;
  assert.deepEqual(['9.0.0.0/19', '2a00::/39', '2a01::/45'].map(code), [
    'FUSE_PREFIX_WIDTH',
    'FUSE_PREFIX_WIDTH',
    null,
  ]);
  const rows = listBlocks(desk.ledger, { states: ['planned', 'waiting'] });
  assert.equal(rows.filter(({ value }) => value.endsWith('/20')).length, 244, '244 x 4096 addresses');
});

it('begins with what the store says is active, then follows the topic', async (t) => {
  const desk = await openDesk(t);
  await desk.publish(documentOf('9.1.2.3', now()));
  const store = emptyStore([
    [documentOf('9.1.2.3', now(), { revision: 4 }), documentOf('example.org', now(), { type: 'domain' })],
    [documentOf('9.1.2.4', now())],
  ]);
  const responder = desk.start({ store });
  await desk.settled(responder);
  assert.deepEqual(
    brief(await desk.actions())
      .map(([, , , value]) => value)
      .sort(),
    ['9.1.2.3', '9.1.2.4'],
  );
  assert.equal(desk.ledger.rows.get('9.1.2.3')?.revision, 4);
  await responder.stop();
  const again = desk.start({ store: emptyStore([[documentOf('9.1.2.5', now())]]) });
  await desk.settled(again);
  assert.equal(desk.ledger.rows.get('9.1.2.5'), undefined, 'only a new responder loads');
});

it('does not act on an old record that the store knows to be overtaken', async (t) => {
  const desk = await openDesk(t);
  const hourAgo = now() - 3_600_000;
  const later = documentOf('9.1.2.3', now(), { revision: 5, status: 'allowed' });
  const store = {
    ...emptyStore(),
    readStates: async (ids: readonly string[]) =>
      new Map(ids.flatMap((id) => (id === later.tipline.id ? [[id, stateOf(later)] as const] : []))),
  };
  const responder = desk.start({ store });
  await desk.publish(
    documentOf('9.1.2.3', now(), { revision: 2, at: hourAgo }),
    documentOf('9.1.2.4', now(), { at: hourAgo }),
  );
  await desk.settled(responder);
  await desk.publish(later);
  await desk.settled(responder);
  assert.deepEqual(brief(await desk.actions()), [['block', 'planned', undefined, '9.1.2.4']]);
});

it('judges an old record by the life that the store knows, not by its revision alone', async (t) => {
  const desk = await openDesk(t);
  const hourAgo = now() - 3_600_000;
  const rebuilt = documentOf('9.1.2.3', now(), { life: 7, revision: 1, status: 'revoked' });
  const store = {
    ...emptyStore(),
    readStates: async () => new Map([[rebuilt.tipline.id, stateOf(rebuilt)]]),
  };
  const responder = desk.start({ store });
  await desk.publish(documentOf('9.1.2.3', now(), { revision: 40, at: hourAgo }));
  await desk.settled(responder);
  assert.deepEqual(await desk.actions(), [], 'it was overtaken');
});

it('acts on what a rebuilt memory says, and tells it, though its revisions begin anew', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  const tell = async (changes: Parameters<typeof documentOf>[2]) => {
    await desk.publish(documentOf('9.1.2.3', now(), changes));
    await desk.settled(responder);
  };
  await tell({ revision: 1 });
  await tell({ revision: 2, status: 'revoked' });
  await tell({ life: 7, revision: 1 });
  await tell({ life: 7, revision: 2, status: 'revoked' });
  assert.deepEqual(
    brief(await desk.actions()).map(([verb]) => verb),
    ['block', 'unblock', 'block', 'unblock'],
  );
});

function stateOf(document: ReturnType<typeof documentOf>) {
  return {
    tipline: document.tipline,
    changedAt: document['@timestamp'],
    firstSeen: '',
    action: 'new' as const,
    provider: 'feed',
  };
}

it('sets a record aside that is no document, and goes on', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  await desk.bus.publish(TOPICS.enriched, [{ key: 'x', value: '{"tipline":' }]);
  await desk.publish(
    documentOf('9.1.2.3 } ; add table ip evil #', now(), { type: 'ip' }),
    documentOf('9.1.2.4', now()),
  );
  await desk.settled(responder);
  const letters: string[] = [];
  for await (const record of desk.bus.scan(TOPICS.deadLetters)) letters.push(JSON.parse(record.value.toString()).id);
  assert.deepEqual(
    letters.map((id) => id.split('-').slice(0, 3).join('-')),
    ['ioc.enriched-0-0', 'ioc.enriched-0-1'],
  );
  assert.deepEqual(brief(await desk.actions()), [['block', 'planned', undefined, '9.1.2.4']]);
});

it('unblocks when asked, and holds it free', async (t) => {
  const desk = await openDesk(t);
  let clock = now();
  const responder = desk.start({ now: () => clock });
  await desk.publish(documentOf('9.1.2.3', clock), documentOf('9.1.0.0/20', clock));
  await desk.settled(responder);
  const answer = requestUnblock(desk.ledger, ' 9.1.2.3 ', { reason: 'a customer', hold: 3_600_000 }, clock);
  assert.deepEqual(answer, {
    kind: 'requested',
    value: '9.1.2.3',
    holdUntil: clock + 3_600_000,
    coveredBy: ['9.1.0.0/20'],
  });
  await until(() => desk.ledger.rows.get('9.1.2.3')?.state === 'released', { what: 'the responder to lift it' });
  await desk.publish(documentOf('9.1.2.3', clock, { revision: 2 }));
  await desk.settled(responder);
  assert.equal(desk.ledger.rows.get('9.1.2.3')?.state, 'released', 'held');
  clock += 3_600_001;
  await desk.publish(documentOf('9.1.2.3', clock, { revision: 3 }));
  await desk.settled(responder);
  assert.equal(desk.ledger.rows.get('9.1.2.3')?.state, 'planned');
  const told = (await desk.actions()).filter(({ indicator }) => indicator?.value === '9.1.2.3');
  assert.deepEqual(
    brief(told).map(([verb, , code]) => [verb, code]),
    [
      ['block', undefined],
      ['unblock', 'OPERATOR'],
      ['block', undefined],
    ],
  );
  assert.match(told[1]?.reason ?? '', /would unblock 9\.1\.2\.3: a customer/);
  assert.throws(() => requestUnblock(desk.ledger, 'example.org', { reason: '', hold: 1 }, clock), { code: 'USAGE' });
  assert.equal(requestUnblock(desk.ledger, '9.9.1.1/32', { reason: 'ours', hold: 1000 }, clock).kind, 'held');
});

it('ends a block at its deadline', async (t) => {
  const desk = await openDesk(t);
  let clock = now();
  const responder = desk.start({ now: () => clock });
  await desk.publish(documentOf('9.1.2.3', clock));
  await desk.settled(responder);
  clock += 24 * 3_600_000;
  await responder.settle();
  assert.deepEqual(
    brief(await desk.actions()).map(([verb, , code]) => [verb, code]),
    [
      ['block', undefined],
      ['unblock', 'DEADLINE'],
    ],
  );
});

it('lifts what the host comes to need', async (t) => {
  const desk = await openDesk(t);
  const responder = desk.start();
  await desk.publish(documentOf('9.1.2.3', now()), documentOf('9.2.0.0/20', now()), documentOf('9.3.3.3', now()));
  await desk.settled(responder);
  await responder.stop();
  const guard = createGuard(neverBlockLines(['9.1.2.0/24', '9.2.2.2'], 'new.txt'));
  const again = desk.start({ guard });
  await desk.settled(again);
  assert.deepEqual(
    listBlocks(desk.ledger)
      .map(({ value, state }) => [value, state])
      .sort(),
    [
      ['9.1.2.3', 'released'],
      ['9.2.0.0/20', 'released'],
      ['9.3.3.3', 'planned'],
    ],
  );
});

it('dies of what it cannot judge, and waits out an outage', async (t) => {
  const desk = await openDesk(t);
  let failures = 3;
  const shaky = {
    ...createDryRun(),
    enforces: true,
    ensure: async () => {
      failures -= 1;
      if (failures >= 0) throw new TiplineError('NFT_FAILED', 'busy', { retryable: true });
      return true;
    },
  };
  const responder = desk.start({ backend: shaky });
  await desk.publish(documentOf('9.1.2.3', now()));
  await desk.settled(responder);
  assert.equal(responder.counts().enforced, 1);
  assert.ok(failures < 0);
  await responder.stop();

  const broken = desk.start({
    backend: {
      ...shaky,
      ensure: async () => Promise.reject(new TiplineError('NFT_PERMISSION', 'no', { retryable: false })),
    },
  });
  await assert.rejects(broken.closed, { code: 'NFT_PERMISSION' });
});

it('makes what it had planned when the mode becomes enforce, as far as the fuse allows', async (t) => {
  const desk = await openDesk(t);
  const first = desk.start();
  await desk.publish(...[1, 2, 3].map((at) => documentOf(`9.1.2.${at}`, now())));
  await desk.settled(first);
  await first.stop();
  // in another minute
  const later = () => now() + 61_000;
  const backend = { ...createDryRun(), enforces: true, ensure: async () => true };
  const second = desk.start({ backend, now: later, config: { max_new_per_minute: 2 } });
  await second.settle();
  assert.deepEqual(second.counts(), { planned: 0, enforced: 2, refused: 0, waiting: 1 });
  const outcomes = (await desk.actions()).map(({ verb, outcome }) => `${verb} ${outcome}`);
  assert.deepEqual(outcomes.sort(), ['block done', 'block done', 'block planned', 'block planned', 'block planned']);
});

it('lifts what overlaps an address that the guard comes to spare while it runs', async (t) => {
  const desk = await openDesk(t);
  const rounds = createRounds({
    ...{ ledger: desk.ledger, bus: desk.bus, backend: createDryRun(), log: silentLog, seam: noSeam, actor: 'fw1' },
    clock: { now, steady: now, boot: undefined },
    guard: createGuard(neverBlockLines(['9.1.2.3', '9.2.2.2'], 'new.txt')),
    fuse: createFuse({
      maxActive: 9,
      maxNewPerMinute: 9,
      maxPrefix4: 16,
      maxPrefix6: 32,
      maxCidrs: 9,
      maxAddresses: 99_999,
    }),
    terms: policyTerms({ min_confidence: 0, min_score: 0, max_age: 1, tags: [], block_for: 1 }),
  });
  desk.ledger.write(() => {
    for (const value of ['9.1.2.3', '9.2.0.0/20', '9.3.3.3']) {
      desk.ledger.rows.put(rowOf(value, { state: 'planned', until: now() + 60_000 }));
    }
  });
  rounds.liftGuarded(neverBlockLines(['9.1.2.0/24', '9.2.2.2'], 'new.txt'));
  await rounds.round();
  assert.deepEqual(
    listBlocks(desk.ledger)
      .map(({ value, state, code }) => [value, state, code])
      .sort(),
    [
      ['9.1.2.3', 'released', 'GUARD_NEVER_BLOCK'],
      ['9.2.0.0/20', 'released', 'GUARD_NEVER_BLOCK'],
      ['9.3.3.3', 'planned', null],
    ],
  );
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openDatabase } from '../../../core/process/sqlite.ts';
import { holdLedger, isLedgerHeld } from '../../../responder/ledger/hold-ledger.ts';
import { openLedger } from '../../../responder/ledger/ledger.ts';
import { LEDGER_MIGRATIONS } from '../../../responder/ledger/migrations.ts';
import { listBlocks, requestUnblock } from '../../../responder/ledger/requests.ts';
import { openDesk } from '../desk.ts';
import { NOW } from '../documents.ts';
import { rowOf } from '../rows.ts';

it('gives back what was put', async (t) => {
  const { ledger } = await openDesk(t);
  const row = rowOf('2a00:1::/48', {
    ...{
      life: 4,
      revision: 7,
      state: 'enforced',
      until: NOW,
      kernelUntil: NOW + 1,
      coveredBy: '2a00::/32',
      score: 88,
      feed: 'vetted',
      source: 'f',
      ref: 'r',
    },
    ...{ reason: 'why', code: 'C', holdUntil: 3, queuedAt: 4, blockedAt: 5, changedAt: 6, dirty: true, seq: 9 },
  });
  ledger.write(() => ledger.rows.put(row));
  assert.deepEqual(ledger.rows.get('2a00:1::/48'), {
    ...row,
    prefix: { ...row.prefix, bytes: new Uint8Array(row.prefix.bytes) },
  });
  ledger.write(() => ledger.rows.put({ ...row, state: 'released' }));
  assert.equal(ledger.rows.list({}).length, 1);
  ledger.write(() => ledger.rows.putHeld({ ...row, kernelUntil: 0, coveredBy: null, dirty: false }));
  assert.deepEqual([ledger.rows.get(row.value)?.kernelUntil, ledger.rows.get(row.value)?.state], [0, 'released']);
});

it('goes on with a ledger of before', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-ledger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'responder-old.db');
  const old = openDatabase({ path, area: 'responder', migrations: LEDGER_MIGRATIONS.slice(0, 1) });
  old.write(() =>
    old
      .prepare(
        `INSERT INTO blocks VALUES ('9.1.2.3', 'id', 'ip', x'09010203', 32, 7, 'enforced', 99, 98, NULL, 90, 'abuseipdb', NULL,
           'why', NULL, 0, 1, 2, 3, 0, 4)`,
      )
      .run(),
  );
  old.close();
  const ledger = openLedger(path);
  t.after(() => ledger.close());
  const row = ledger.rows.get('9.1.2.3');
  assert.deepEqual([row?.life, row?.revision, row?.feed, row?.source], [0, 7, null, 'abuseipdb']);
});

it('pages through states while rows change', async (t) => {
  const { ledger } = await openDesk(t);
  ledger.write(() => {
    for (let at = 0; at < 5000; at += 1) ledger.rows.put(rowOf(`9.0.${at >> 8}.${at & 255}`, { state: 'planned' }));
    let seen = 0;
    for (const page of ledger.rows.inState('planned')) {
      for (const row of page) ledger.rows.put({ ...row, state: 'waiting' });
      seen += page.length;
    }
    assert.equal(seen, 5000);
  });
  assert.deepEqual([ledger.rows.counts().planned, ledger.rows.counts().waiting], [0, 5000]);
});

it('orders what is to be done: lifted first, then networks, widest first, then hosts', async (t) => {
  const { ledger } = await openDesk(t);
  ledger.write(() => {
    for (const row of [
      rowOf('9.0.0.1', { state: 'intent-block', dirty: true }),
      rowOf('9.5.0.0/24', { state: 'intent-block', dirty: true }),
      rowOf('9.6.0.0/16', { state: 'intent-block', dirty: true }),
      rowOf('9.0.0.3', { state: 'intent-unblock', dirty: true }),
      rowOf('9.0.0.4', { state: 'enforced' }),
    ]) {
      ledger.rows.put(row);
    }
  });
  assert.deepEqual(
    ledger.rows.dirty(10).map(({ value }) => value),
    ['9.0.0.3', '9.6.0.0/16', '9.5.0.0/24', '9.0.0.1'],
  );
  assert.deepEqual(
    ledger.rows.dirty(2).map(({ value }) => value),
    ['9.0.0.3', '9.6.0.0/16'],
  );
});

it('lists by state and by what overlaps', async (t) => {
  const { ledger } = await openDesk(t);
  ledger.write(() => {
    for (const value of ['9.1.0.0/16', '9.1.2.0/24', '9.1.2.3', '9.1.2.4', '9.2.2.2', '2a00::1'])
      ledger.rows.put(rowOf(value));
    ledger.rows.put(rowOf('9.1.2.5', { state: 'released', score: 99 }));
  });
  const values = (listing: Parameters<typeof listBlocks>[1]) => listBlocks(ledger, listing).map(({ value }) => value);
  assert.deepEqual(values({ value: '9.1.2.3' }), ['9.1.0.0/16', '9.1.2.0/24', '9.1.2.3']);
  assert.deepEqual(values({ value: '9.1.2.0/24', states: ['enforced'] }), [
    '9.1.0.0/16',
    '9.1.2.0/24',
    '9.1.2.3',
    '9.1.2.4',
  ]);
  assert.deepEqual(values({ value: '2a00::/16' }), ['2a00::1']);
  assert.deepEqual(values({ states: ['released'] }), ['9.1.2.5']);
  assert.equal(values({}).at(0), '9.1.2.5');
  assert.equal(values({ limit: 3 }).length, 3);
});

it('takes requests from another connection, also for what is not blocked', async (t) => {
  const { ledger } = await openDesk(t);
  const other = openLedger(ledger.path);
  t.after(() => other.close());
  ledger.write(() => {
    ledger.rows.put(rowOf('9.1.2.3'));
    ledger.rows.put(rowOf('9.1.2.4', { state: 'waiting' }));
  });
  const ask = (value: string) => requestUnblock(other, value, { reason: 'ours', hold: 1000 }, NOW).kind;
  assert.deepEqual([ask('9.1.2.3'), ask('9.1.2.4'), ask('9.1.2.5')], ['requested', 'held', 'held']);
  assert.deepEqual(
    ['9.1.2.3', '9.1.2.4', '9.1.2.5'].map((value) => {
      const row = ledger.rows.get(value);
      return [row?.state, row?.dirty, row?.holdUntil];
    }),
    [
      ['intent-unblock', true, NOW + 1000],
      ['released', true, NOW + 1000],
      ['released', true, NOW + 1000],
    ],
  );
});

it('is held by one responder, until it is gone, however it went', async (t) => {
  const { ledger } = await openDesk(t);
  const holder = spawn(
    process.execPath,
    [
      '-e',
      `import(process.argv[1]).then(({ holdLedger }) => { holdLedger(process.argv[2]); console.log('held'); setInterval(() => {}, 1000); })`,
      import.meta.resolve('../../../responder/ledger/hold-ledger.ts'),
      ledger.path,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  assert.equal(isLedgerHeld(ledger.path), true);
  assert.throws(() => holdLedger(ledger.path), { code: 'LEDGER_HELD', retryable: false });
  holder.kill('SIGKILL');
  await once(holder, 'close');
  assert.equal(isLedgerHeld(ledger.path), false);
  holdLedger(ledger.path)();
});

it('keeps actions until they are published, once an id', async (t) => {
  const { ledger } = await openDesk(t);
  const action = {
    schema: 1 as const,
    id: 'a',
    '@timestamp': '',
    verb: 'block' as const,
    outcome: 'done' as const,
    actor: 'fw1',
    reason: '',
  };
  ledger.write(() => {
    ledger.actions.add(action, NOW);
    ledger.actions.add({ ...action, reason: 'again' }, NOW);
    ledger.actions.add({ ...action, id: 'b' }, NOW);
  });
  assert.deepEqual(
    ledger.actions.unpublished(10).map(({ id }) => id),
    ['a', 'b'],
  );
  ledger.write(() => ledger.actions.markPublished(['a'], NOW));
  assert.deepEqual(
    ledger.actions.unpublished(10).map(({ id }) => id),
    ['b'],
  );
  assert.equal(ledger.actions.prune(NOW + 1), 1);
});

it('forgets what ended long ago, unless it is held free', async (t) => {
  const { ledger } = await openDesk(t);
  ledger.write(() => {
    ledger.rows.put(rowOf('9.1.1.1', { state: 'released', changedAt: 1 }));
    ledger.rows.put(rowOf('9.1.1.2', { state: 'released', changedAt: 1, holdUntil: NOW + 1 }));
    ledger.rows.put(rowOf('9.1.1.3', { state: 'refused', changedAt: NOW }));
    ledger.rows.put(rowOf('9.1.1.4', { state: 'enforced', changedAt: 1 }));
    assert.equal(ledger.rows.prune(NOW, NOW), 1);
  });
  assert.equal(ledger.rows.get('9.1.1.1'), undefined);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parsePrefix, prefixContains, prefixOverlaps } from '../../core/indicator/address.ts';
import { createPrefixIndex, isHost } from '../../core/indicator/prefix-index.ts';
import { planMoves } from '../../responder/coverage.ts';
import { textOf } from '../../responder/guard.ts';
import type { BlockRow } from '../../responder/ledger/block-row.ts';
import { rowOf } from './rows.ts';

/** A firewall and a ledger in memory: what is planned is done, and must never break the firewall's law. */
function world() {
  const rows = new Map<string, BlockRow>();
  const kernel = new Map<string, number>();

  function settle(): void {
    const dirty = [...rows.values()].filter((row) => row.dirty);
    const order = (row: BlockRow) =>
      row.state === 'intent-unblock' ? 0 : isHost(row.prefix) ? 200 : 1 + row.prefix.length;
    dirty.sort((a, b) => order(a) - order(b));
    const networks = createPrefixIndex(
      [...rows.values()]
        .filter((row) => !isHost(row.prefix) && row.kernelUntil > 0)
        .map((row) => [row.prefix, row] as const),
    );
    const coveredBy = (value: string) =>
      [...rows.values()].filter((row) => row.coveredBy === value).sort((a, b) => a.prefix.length - b.prefix.length);
    for (const group of planMoves(dirty, networks, coveredBy)) {
      // within a transaction, removals come before additions
      for (const { change } of group) if (change?.kind === 'remove') kernel.delete(textOf(change.prefix));
      for (const { change } of group) {
        if (change === null || change.kind === 'remove') continue;
        kernel.set(textOf(change.prefix), change.until);
        lawful();
      }
      for (const move of group) {
        const row = rows.get(move.row.value);
        assert.ok(row);
        const held = { ...row, kernelUntil: move.kernelUntil, coveredBy: move.coveredBy };
        const state = row.state === 'intent-unblock' ? 'released' : 'enforced';
        rows.set(row.value, move.settles ? { ...held, state, dirty: false } : held);
      }
    }
    const left = [...rows.values()].filter((row) => row.dirty);
    if (left.length > 0) settle();
  }

  /** nftables holds no networks that overlap. */
  function lawful(): void {
    const held = [...kernel.keys()].map((text) => parsePrefix(text)).filter((prefix) => prefix !== undefined);
    const networks = held.filter((prefix) => !isHost(prefix));
    for (const [at, one] of networks.entries()) {
      for (const other of networks.slice(at + 1)) {
        assert.ok(!prefixOverlaps(one, other), `${textOf(one)} and ${textOf(other)}`);
      }
    }
  }

  return { rows, kernel, settle };
}

const values = ['9.0.0.0/16', '9.0.0.0/20', '9.0.1.0/24', '9.0.0.0/24', '9.0.0.1', '9.0.1.1', '9.1.1.1', '9.1.0.0/16'];
const step = fc.record({
  value: fc.constantFrom(...values),
  verb: fc.constantFrom('block', 'unblock'),
  until: fc.integer({ min: 1, max: 9 }),
  settle: fc.boolean(),
});

it('blocks exactly what the ledger wants, for as long, without ever overlapping networks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { rows, kernel, settle } = world();
      for (const { value, verb, until, settle: now } of steps) {
        const row = rows.get(value) ?? rowOf(value, { state: 'released', until: 0 });
        const standing = row.state === 'enforced' || row.state === 'intent-block';
        if (verb === 'block') {
          const state = row.state === 'enforced' ? 'enforced' : 'intent-block';
          rows.set(value, { ...row, state, until: Math.max(standing ? row.until : 0, until), dirty: true });
        } else if (standing) rows.set(value, { ...row, state: 'intent-unblock', dirty: true });
        if (now) settle();
      }
      settle();

      const held = [...kernel].map(([text, until]) => ({ prefix: parsePrefix(text), until }));
      for (const row of rows.values()) {
        const covers = held.filter(({ prefix }) => prefix !== undefined && prefixContains(prefix, row.prefix));
        if (row.state === 'enforced') {
          // a network may stand behind a wider one that ends sooner; the ledger brings it back then
          const enough = isHost(row.prefix) ? covers.some(({ until }) => until >= row.until) : covers.length > 0;
          assert.ok(enough, `${row.value} is not blocked`);
        }
        assert.equal(kernel.get(row.value) ?? 0, row.kernelUntil, `${row.value}: ledger and kernel`);
        if (row.state === 'released') assert.ok(!kernel.has(row.value), `${row.value} is still there`);
        if (row.coveredBy !== null && row.state === 'enforced')
          assert.ok(kernel.has(row.coveredBy), `${row.coveredBy} stands for ${row.value}`);
      }
    }),
    { numRuns: Number(process.env.TIPLINE_PROPERTY_RUNS ?? 2000) },
  );
});

it('knows what it planned itself: a host that takes over from a network and is renewed in one plan stays in the ledger', () => {
  const { rows, kernel, settle } = world();
  rows.set('9.0.1.0/24', rowOf('9.0.1.0/24', { state: 'intent-block', until: 10, dirty: true }));
  rows.set('9.0.1.1', rowOf('9.0.1.1', { state: 'intent-block', until: 10, dirty: true }));
  settle();
  const [network, host] = [rows.get('9.0.1.0/24'), rows.get('9.0.1.1')];
  assert.ok(network && host);
  rows.set(network.value, { ...network, state: 'intent-unblock', dirty: true });
  rows.set(host.value, { ...host, dirty: true });
  rows.set('9.0.0.0/16', rowOf('9.0.0.0/16', { state: 'intent-block', until: 10, dirty: true }));
  settle();
  for (const row of rows.values()) assert.equal(kernel.get(row.value) ?? 0, row.kernelUntil, row.value);
});

it('does not install a host that a network outlives, until the network goes', () => {
  const { rows, kernel, settle } = world();
  rows.set('9.0.0.0/16', rowOf('9.0.0.0/16', { state: 'intent-block', until: 100, dirty: true }));
  rows.set('9.0.0.1', rowOf('9.0.0.1', { state: 'intent-block', until: 90, dirty: true }));
  rows.set('9.0.0.2', rowOf('9.0.0.2', { state: 'intent-block', until: 110, dirty: true }));
  settle();
  assert.deepEqual([...kernel.keys()].sort(), ['9.0.0.0/16', '9.0.0.2']);
  const network = rows.get('9.0.0.0/16');
  assert.ok(network);
  rows.set(network.value, { ...network, state: 'intent-unblock', dirty: true });
  settle();
  assert.deepEqual([...kernel.keys()].sort(), ['9.0.0.1', '9.0.0.2']);
});

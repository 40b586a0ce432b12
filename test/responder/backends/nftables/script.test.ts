import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parsePrefix } from '../../../../core/indicator/address.ts';
import type { Change } from '../../../../responder/backends/backend.ts';
import { elementScript } from '../../../../responder/backends/nftables/script.ts';
import { setOf } from '../../../../responder/backends/nftables/table.ts';
import { LONGEST_BLOCK } from '../../../../responder/policy.ts';

const NOW = 1_700_000_000_000;

function change(kind: Change['kind'], text: string, seconds = 60): Change {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return kind === 'remove' ? { kind, prefix } : { kind, prefix, until: NOW + seconds * 1000 };
}

it('writes removals of networks first, then what is added, hosts and networks apart', () => {
  const changes = [
    change('add', '9.1.0.0/16', 90),
    change('remove', '9.1.1.0/24'),
    change('remove', '9.9.9.1'),
    change('add', '9.9.9.2'),
    change('renew', '2a00::1', 0.2),
  ];
  assert.equal(
    elementScript(changes, NOW, 'expires'),
    [
      'add element inet tipline hosts4 { 9.9.9.1 timeout 1s }',
      'delete element inet tipline hosts4 { 9.9.9.1 }',
      'add element inet tipline hosts4 { 9.9.9.2 timeout 60s expires 60s }',
      'add element inet tipline hosts6 { 2a00::1 timeout 1s expires 1s }',
      'delete element inet tipline nets4 { 9.1.1.0/24 }',
      'add element inet tipline nets4 { 9.1.0.0/16 timeout 90s expires 90s }',
      '',
    ].join('\n'),
  );
});

it('replaces where the kernel cannot renew: hosts always, networks that are there', () => {
  const changes = [change('add', '9.9.9.2'), change('renew', '9.1.0.0/16'), change('add', '9.2.0.0/16')];
  assert.equal(
    elementScript(changes, NOW, 'replace'),
    [
      'add element inet tipline hosts4 { 9.9.9.2 timeout 60s }',
      'delete element inet tipline hosts4 { 9.9.9.2 }',
      'add element inet tipline hosts4 { 9.9.9.2 timeout 60s }',
      'add element inet tipline nets4 { 9.2.0.0/16 timeout 60s }',
      'add element inet tipline nets4 { 9.1.0.0/16 timeout 60s }',
      'delete element inet tipline nets4 { 9.1.0.0/16 }',
      'add element inet tipline nets4 { 9.1.0.0/16 timeout 60s }',
      '',
    ].join('\n'),
  );
});

const LINE =
  /^(add|delete) element inet tipline (hosts|nets)[46] \{ [0-9a-f.:/]+( timeout [1-9]\d*s( expires [1-9]\d*s)?)?(, [0-9a-f.:/]+( timeout [1-9]\d*s( expires [1-9]\d*s)?)?)* \}$/;

const anyChange = fc
  .record({
    kind: fc.constantFrom('add' as const, 'renew' as const, 'remove' as const),
    bytes: fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
    length: fc.nat(128),
    until: fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: NOW - 10_000, max: NOW + 10 * LONGEST_BLOCK })),
  })
  .map(({ kind, bytes, length, until }): Change => {
    const prefix = { bytes, length: Math.min(length, bytes.length * 8) };
    return kind === 'remove' ? { kind, prefix } : { kind, prefix, until };
  });

it('never writes anything but addresses and bounded timeouts, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 20 }),
      fc.constantFrom('expires' as const, 'replace' as const),
      (changes, renewal) => {
        const script = elementScript(changes, NOW, renewal);
        for (const line of script.split('\n').slice(0, -1)) {
          assert.match(line, LINE);
          if (line.startsWith('add'))
            assert.equal(line.split(',').length, line.split(' timeout ').length - 1, 'all have a timeout');
          for (const [, seconds] of line.matchAll(/timeout (\d+)s/g))
            assert.ok(Number(seconds) <= LONGEST_BLOCK / 1000);
        }
      },
    ),
  );
  const prefix = parsePrefix('9.9.9.9');
  assert.ok(prefix);
  assert.throws(() => elementScript([{ kind: 'add', prefix, until: Number.NaN }], NOW, 'expires'), RangeError);
  assert.equal(
    elementScript([{ kind: 'add', prefix, until: NOW }], NOW, 'expires'),
    '',
    'what is over is not installed',
  );
  assert.equal(setOf(prefix), 'hosts4');
});

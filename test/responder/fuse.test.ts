import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePrefix } from '../../core/indicator/address.ts';
import { amountOf, createFuse, NO_AMOUNT } from '../../responder/fuse.ts';

const fuse = createFuse({
  ...{ maxActive: 10, maxNewPerMinute: 5, maxPrefix4: 16, maxPrefix6: 32, maxCidrs: 3, maxAddresses: 70_000 },
});

function prefix(text: string) {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

it('refuses networks wider than the limits', () => {
  assert.equal(fuse.tooWide(prefix('9.0.0.0/15'))?.code, 'FUSE_PREFIX_WIDTH');
  assert.equal(fuse.tooWide(prefix('9.0.0.0/16')), undefined);
  assert.equal(fuse.tooWide(prefix('2a00::/31'))?.code, 'FUSE_PREFIX_WIDTH');
  assert.equal(fuse.tooWide(prefix('2a00::/32')), undefined);
  assert.match(fuse.tooWide(prefix('9.0.0.0/8'))?.reason ?? '', /9\.0\.0\.0\/8 is wider than \/16/);
});

it('refuses more than it may hold, networks sooner than hosts', () => {
  const code = (text: string, load = {}) => fuse.noRoom(prefix(text), { ...NO_AMOUNT, ...load })?.code;
  assert.equal(code('9.1.1.1', { rows: 10 }), 'FUSE_MAX_ACTIVE');
  assert.equal(code('9.1.1.1', { rows: 9, cidrs: 3 }), undefined);
  assert.equal(code('9.1.1.0/24', { rows: 3, cidrs: 3 }), 'FUSE_MAX_CIDRS');
});

it('counts addresses, not networks: of IPv6 the networks that one customer is given', () => {
  const amounts = (text: string) => {
    const { addresses4, nets6 } = amountOf(prefix(text));
    return [addresses4, nets6];
  };
  assert.deepEqual(
    ['9.1.1.1', '9.1.0.0/20', '9.0.0.0/8', '2a00::1', '2a00::/65', '2a00::/64', '2a00::/48'].map(amounts),
    [
      [1, 0],
      [4096, 0],
      [2 ** 24, 0],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 65_536],
    ],
  );
  const code = (text: string, load = {}) => fuse.noRoom(prefix(text), { ...NO_AMOUNT, ...load })?.code;
  assert.equal(code('9.1.0.0/16', { addresses4: 70_000 - 65_536 }), undefined);
  assert.equal(code('9.1.0.0/16', { addresses4: 70_001 - 65_536 }), 'FUSE_MAX_ADDRESSES');
  assert.equal(code('9.1.1.1', { addresses4: 70_000 }), 'FUSE_MAX_ADDRESSES');
  assert.equal(code('9.1.1.1', { nets6: 70_000 }), undefined);
  assert.equal(code('2a00::1', { nets6: 70_000 }), 'FUSE_MAX_ADDRESSES');
  assert.equal(code('2a00::/47'), 'FUSE_MAX_ADDRESSES');
});

it('allows what is left of the minute and of the room', () => {
  assert.equal(fuse.allowance({ active: 0, startedLastMinute: 0 }), 5);
  assert.equal(fuse.allowance({ active: 0, startedLastMinute: 3 }), 2);
  assert.equal(fuse.allowance({ active: 9, startedLastMinute: 0 }), 1);
  assert.equal(fuse.allowance({ active: 12, startedLastMinute: 9 }), 0);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePrefix } from '../../core/indicator/address.ts';
import { createFuse } from '../../responder/fuse.ts';

const fuse = createFuse({ maxActive: 10, maxNewPerMinute: 5, maxPrefix4: 16, maxPrefix6: 32, maxCidrs: 3 });

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
  assert.equal(fuse.noRoom(prefix('9.1.1.1'), { active: 6, waiting: 4, cidrs: 0 })?.code, 'FUSE_MAX_ACTIVE');
  assert.equal(fuse.noRoom(prefix('9.1.1.1'), { active: 6, waiting: 3, cidrs: 3 }), undefined);
  assert.equal(fuse.noRoom(prefix('9.1.1.0/24'), { active: 3, waiting: 0, cidrs: 3 })?.code, 'FUSE_MAX_CIDRS');
});

it('allows what is left of the minute and of the room', () => {
  assert.equal(fuse.allowance({ active: 0, startedLastMinute: 0 }), 5);
  assert.equal(fuse.allowance({ active: 0, startedLastMinute: 3 }), 2);
  assert.equal(fuse.allowance({ active: 9, startedLastMinute: 0 }), 1);
  assert.equal(fuse.allowance({ active: 12, startedLastMinute: 9 }), 0);
});

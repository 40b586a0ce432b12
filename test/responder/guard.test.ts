import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePrefix } from '../../core/indicator/address.ts';
import { createGuard, type GuardEntry } from '../../responder/guard.ts';

function prefix(text: string) {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function entry(text: string, code = 'GUARD_NEVER_BLOCK', reason = 'public DNS resolver'): GuardEntry {
  return { prefix: prefix(text), code, reason };
}

it('refuses any overlap, from above and from below', () => {
  const guard = createGuard([entry('8.8.8.8'), entry('104.16.0.0/13'), entry('2606:4700::/32')]);
  const code = (text: string) => guard.check(prefix(text))?.code;
  assert.equal(code('8.8.8.8'), 'GUARD_NEVER_BLOCK');
  assert.equal(code('8.8.8.0/24'), 'GUARD_NEVER_BLOCK');
  assert.equal(code('104.17.1.1'), 'GUARD_NEVER_BLOCK');
  assert.equal(code('2606:4700:1::1'), 'GUARD_NEVER_BLOCK');
  assert.equal(code('8.8.9.9'), undefined);
  assert.equal(code('104.24.0.0/14'), undefined);
});

it('refuses special-purpose ranges, also when a network only touches one', () => {
  const guard = createGuard([]);
  for (const text of [
    '10.1.2.3',
    '127.0.0.1',
    '192.168.0.0/24',
    '172.0.0.0/8',
    'fe80::1',
    '::1',
    'ff02::1',
    '2001:db8::1',
    '224.0.0.1',
    '0.0.0.0/0',
    '::/0',
  ]) {
    assert.equal(guard.check(prefix(text))?.code, 'GUARD_SPECIAL_PURPOSE', text);
  }
  assert.match(guard.check(prefix('10.1.2.3'))?.reason ?? '', /10\.1\.2\.3 is not public address space: private use/);
});

it('follows the host: what appears is told, what is gone may be blocked', async () => {
  let host = [entry('9.1.1.1', 'GUARD_GATEWAY', 'a gateway of this machine')];
  const guard = createGuard([entry('8.8.8.8')], async () => host);
  assert.equal(guard.check(prefix('9.1.1.1')), undefined, 'not read yet');
  assert.deepEqual(await guard.refresh(), host);
  assert.equal(guard.check(prefix('9.1.0.0/16'))?.code, 'GUARD_GATEWAY');
  assert.deepEqual(await guard.refresh(), []);
  host = [entry('9.2.2.2', 'GUARD_PEER', 'tipline works with it')];
  assert.deepEqual(await guard.refresh(), host);
  assert.equal(guard.check(prefix('9.1.1.1')), undefined);
  assert.equal(guard.check(prefix('8.8.8.8'))?.code, 'GUARD_NEVER_BLOCK');
});

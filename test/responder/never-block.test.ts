import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { parsePrefix } from '../../core/indicator/address.ts';
import { readYaml } from '../../core/process/config/yaml-file.ts';
import { createGuard, textOf } from '../../responder/guard.ts';
import { neverBlockLines, neverBlockRules } from '../../responder/never-block.ts';

it('reads addresses and networks, one a line, with comments as reasons', () => {
  const lines = ['# ours', '', '203.0.113.7', '  198.51.100.0/24  # office ', '2001:db8::/48\r'.trimEnd()];
  assert.deepEqual(
    neverBlockLines(lines, 'ours.txt').map(({ prefix, reason }) => [textOf(prefix), reason]),
    [
      ['203.0.113.7', 'listed in ours.txt'],
      ['198.51.100.0/24', 'office (ours.txt)'],
      ['2001:db8::/48', 'listed in ours.txt'],
    ],
  );
});

for (const line of ['010.0.0.1', '1.2.3', 'example.org', '1.2.3.4-1.2.3.9', '1.2.3.4/33', '8.8.8.8 8.8.4.4']) {
  it(`stops at ${line}, with file and line`, () => {
    assert.throws(() => neverBlockLines(['1.1.1.1', line], 'ours.txt'), {
      code: 'NEVER_BLOCK_SYNTAX',
      message: /^ours\.txt:2: /,
    });
  });
}

it('reads the shipped list, which covers resolvers and root servers', () => {
  const file = readYaml(join(import.meta.dirname, '../../rules/never-block.yaml'));
  const entries = neverBlockRules(file.value, file.path, file.lineOf);
  assert.ok(entries.length > 80);
  const guard = createGuard(entries);
  for (const text of [
    '8.8.8.8',
    '1.1.1.1',
    '9.9.9.9',
    '208.67.222.222',
    '2620:fe::fe',
    '198.41.0.4',
    '2001:dc3::35',
    '8.8.0.0/16',
    '104.16.1.1',
  ]) {
    const prefix = parsePrefix(text);
    assert.ok(prefix);
    assert.equal(guard.check(prefix)?.code, 'GUARD_NEVER_BLOCK', text);
  }
  const prefix = parsePrefix('8.8.8.8');
  assert.ok(prefix);
  assert.match(guard.check(prefix)?.reason ?? '', /public DNS resolver \(Google\)/);
});

it('names the line of a wrong entry in a rules file', () => {
  const lineOf = (keys: readonly PropertyKey[]) => (keys.length === 3 ? 7 : 3);
  assert.throws(
    () => neverBlockRules([{ name: 'x', addresses: ['1.1.1.1', 'oops'] }], 'r.yaml', lineOf),
    /r\.yaml:7: "oops"/,
  );
  assert.throws(() => neverBlockRules([{ name: 'x' }], 'r.yaml', lineOf), /r\.yaml:3: each group/);
  assert.throws(() => neverBlockRules({}, 'r.yaml', lineOf), /must be a list/);
});

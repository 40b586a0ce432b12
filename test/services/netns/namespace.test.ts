import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { runCommand } from '../command.ts';
import { makeNamespaces, refuseHostNamespace } from './namespace.ts';

it("refuses the machine's own network", () => {
  assert.throws(() => refuseHostNamespace('/proc/self/ns/net'), /refusing/);
});

it('makes namespaces that are new, differ, and are gone with their last holder', async () => {
  const [one, two] = await makeNamespaces(2);
  assert.ok(one && two);
  const seen = [readlinkSync('/proc/self/ns/net'), readlinkSync(one.path), readlinkSync(two.path)];
  assert.equal(new Set(seen).size, 3);
  const inside = await runCommand(one.command(['readlink', '/proc/self/ns/net']));
  assert.equal(inside.stdout.trim(), seen[1]);
  one.release();
  two.release();
  assert.equal((await runCommand(one.command(['true']))).code === 0, false);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runCommand } from './command.ts';

it('says which package brings a program that is missing', async () => {
  const code = `
    process.env.PATH = '/nowhere';
    const { requirePrograms } = await import(${JSON.stringify(`${import.meta.dirname}/debian.ts`)});
    requirePrograms('nsenter', 'openssl', 'unshare');
  `;
  const { code: exit, stderr } = await runCommand([process.execPath, '--input-type=module', '-e', code]);
  assert.equal(exit, 1);
  assert.match(stderr, /nsenter, openssl, unshare not found.*apt-get install util-linux openssl\n/);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

/** Runs a program and answers with its standard output; npm finds the registry by its own configuration. */
function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('the packed tarball', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-package-'));
  const bin = join(folder, 'node_modules/tipline/dist/cli/bin.js');

  before(() => {
    const [packed] = JSON.parse(
      run('npm', ['pack', '--silent', '--json', '--pack-destination', folder], process.cwd()).replace(/^[^[]*/s, ''),
    ) as { filename: string; files: { path: string }[] }[];
    assert.ok(packed);
    const folders = new Set(packed.files.map(({ path }) => path.split('/')[0]));
    assert.ok(!folders.has('test') && !folders.has('bench') && !folders.has('cli'), [...folders].join(' '));
    run(
      'npm',
      ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, join(folder, packed.filename)],
      folder,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('runs elsewhere, with nothing of the checkout', () => {
    const summary = JSON.parse(run(process.execPath, [bin, 'run', '--once', '--json', '--log-level', 'error'], folder));
    assert.equal(summary.read, 13);
    assert.equal(summary.mails, 1);
    assert.match(run(process.execPath, [bin, 'search', '77.90.185.20'], folder), /77\.90\.185\.20/);
  });

  it('knows its version', () => {
    assert.match(run(process.execPath, [bin, '--version'], folder), /^\d+\.\d+\.\d+/);
  });
});

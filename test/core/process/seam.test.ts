import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { killAt, noSeam } from '../../../core/process/seam.ts';

const source = join(import.meta.dirname, '../../../core/process/seam.ts');

/** Passes `before`, then `after-bulk` and `after-publish` in turn, three times, telling each; then lives for a minute. */
function run(spec: string): Promise<Told> {
  return runScript(
    spec,
    `for (const point of ['before', 'after-bulk', 'after-publish', 'after-bulk', 'after-publish', 'after-bulk', 'after-publish']) {
      seam(point);
      tell(point);
    }`,
  );
}

interface Told {
  passed: string[];
  signal: string | null;
}

async function runScript(spec: string, work: string): Promise<Told> {
  const script = `
    import { writeSync } from 'node:fs';
    import { killAt } from ${JSON.stringify(source)};
    const seam = killAt(${JSON.stringify(spec)});
    const tell = (point) => writeSync(1, point + '\\n');
    setTimeout(() => process.exit(0), 60_000);
    ${work}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { passed: text.split('\n').filter(Boolean), signal };
}

describe('killAt', () => {
  it('kills at the first passing of its point', async () => {
    assert.deepEqual(await run('after-bulk'), { passed: ['before'], signal: 'SIGKILL' });
  });

  it('kills at the passing that is asked for', async () => {
    assert.deepEqual(await run('after-bulk:2'), {
      passed: ['before', 'after-bulk', 'after-publish'],
      signal: 'SIGKILL',
    });
  });

  it('kills some time after the point, when the process has gone on', async () => {
    const { passed, signal } = await run('after-publish:3+20');
    assert.equal(signal, 'SIGKILL');
    assert.equal(passed.length, 7);
  });

  it('keeps whoever is at a point of several until all are, and kills', async () => {
    const work = `
      async function pass(name, points) {
        for (const [point, of] of points) {
          await seam(point, of);
          tell(name + ' ' + point);
        }
      }
      const two = pass('two', [['a', 'two'], ['b', 'two']]);
      await pass('one', [['b', 'one'], ['a', 'one'], ['a', 'one'], ['b', 'one']]);`;
    const ahead = ['one b', 'one a'];
    assert.deepEqual(await runScript('a@two,a@one:2', work), { passed: ahead, signal: 'SIGKILL' });
    const { passed, signal } = await runScript('a@two,a@one:2+20', work);
    assert.deepEqual(passed.slice(0, 2), ahead);
    assert.deepEqual([passed.slice(2).sort(), signal], [['one a', 'one b', 'two a', 'two b'], 'SIGKILL']);
    assert.deepEqual((await runScript('a@one', work)).passed, ['two a', 'one b']);
    assert.equal((await runScript('b', work)).signal, 'SIGKILL');
  });

  it('refuses what names no point, so that a test does not pass because nothing was killed', () => {
    for (const spec of [
      '',
      'After',
      'after-bulk:',
      'after-bulk:0',
      'after-bulk:-1',
      'after-bulk+',
      'a b',
      'a:1:2',
      'a+1+2',
      'a,',
      'a,a',
      'a@',
      'a+1,b',
    ])
      assert.throws(() => killAt(spec), { name: 'RangeError', message: `no such seam: ${spec}` }, spec);
    killAt('sender:after-send:2+5');
  });

  it('leaves other points alone', () => {
    const seam = killAt('after-bulk');
    seam('after-bul');
    seam('after-bulk:1');
    noSeam('after-bulk');
  });
});

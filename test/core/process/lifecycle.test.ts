import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createLifecycle } from '../../../core/process/lifecycle.ts';
import { type Log, silentLog } from '../../../core/process/log.ts';

describe('a lifecycle', () => {
  it('stops in reverse, one after the other, once', async () => {
    const said: string[] = [];
    const lifecycle = createLifecycle(silentLog);
    for (const part of ['bus', 'store', 'enrich']) {
      lifecycle.started(part, async () => {
        said.push(`${part} stops`);
        await new Promise(setImmediate);
        said.push(`${part} stopped`);
      });
    }
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    assert.deepEqual(said, [
      'enrich stops',
      'enrich stopped',
      'store stops',
      'store stopped',
      'bus stops',
      'bus stopped',
    ]);
  });

  it('stops the rest when one cannot, and says which', async () => {
    const lines: string[] = [];
    const log: Log = {
      ...silentLog,
      error: (fields, message) => void lines.push(`${String(fields.part)}: ${message}`),
    };
    const lifecycle = createLifecycle(log);
    let stopped = false;
    lifecycle.started('bus', async () => {
      stopped = true;
    });
    lifecycle.started('store', () => Promise.reject(new Error('the index is closed')));
    await lifecycle.stop();
    assert.ok(stopped);
    assert.deepEqual(lines, ['store: could not stop cleanly: the index is closed']);
  });

  it('stops a part that was still starting when the end came', async () => {
    const said: string[] = [];
    const lifecycle = createLifecycle(silentLog);
    lifecycle.started('bus', async () => void said.push('bus'));
    const ended = lifecycle.stop();
    lifecycle.started('early', async () => void said.push('early'));
    await ended;
    lifecycle.started('late', async () => void said.push('late'));
    await lifecycle.stop();
    assert.deepEqual(said.toSorted(), ['bus', 'early', 'late']);
  });

  it('interrupts what drains too long, and goes on when that helps', async () => {
    const said: string[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void said.push(`slow: ${String(fields.part)}`) };
    const lifecycle = createLifecycle(log, { drain: 20, interrupted: 60_000, leave: () => said.push('left') });
    const interrupted = Promise.withResolvers<void>();
    lifecycle.started('store', async () => void said.push('store'));
    lifecycle.started(
      'bus',
      async () => {
        said.push('bus');
        interrupted.resolve();
      },
      { interrupts: true },
    );
    lifecycle.started('enrich', async () => {
      await interrupted.promise;
      said.push('enrich');
    });
    await lifecycle.stop();
    assert.deepEqual(said, ['slow: enrich', 'bus', 'enrich', 'store']);
  });

  it('leaves when even that does not help', async () => {
    const left = Promise.withResolvers<void>();
    const lifecycle = createLifecycle(silentLog, { drain: 10, interrupted: 10, leave: left.resolve });
    const never = Promise.withResolvers<void>();
    lifecycle.started('alerting', () => never.promise);
    const stopped = lifecycle.stop();
    await left.promise;
    never.resolve();
    await stopped;
  });
});

describe('untilSignal', () => {
  const source = join(import.meta.dirname, '../../../core/process/lifecycle.ts');

  async function process_(rest: string) {
    const script = `
      import { untilSignal } from ${JSON.stringify(source)};
      const say = (fields, message) => console.log(message);
      const { signalled, release } = untilSignal({ error: say });
      const alive = setInterval(() => {}, 1000);
      signalled.then((signal) => { console.log('got ' + signal); ${rest} });
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    const said = async (word: string): Promise<void> => {
      while (!text.includes(word)) await once(child.stdout, 'data');
    };
    await said('ready');
    return { child, ended, said };
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`tells the first ${signal} and leaves it to the process to end`, async () => {
      const { child, ended } = await process_('clearInterval(alive);');
      child.kill(signal);
      assert.deepEqual(await ended, [0, null]);
    });
  }

  it('takes what comes within a second for the same key, and ends at a later signal without waiting for anything', async () => {
    const { child, ended, said } = await process_('');
    const at = performance.now();
    child.kill('SIGINT');
    await said('got SIGINT');
    const again = setInterval(() => child.kill('SIGINT'), 50);
    try {
      assert.deepEqual(await ended, [130, null]);
    } finally {
      clearInterval(again);
    }
    assert.ok(performance.now() - at >= 1000);
    await said('second signal');
  });

  it('gives the signals back when it is released', async () => {
    const { child, ended, said } = await process_("release(); console.log('released');");
    child.kill('SIGTERM');
    await said('released');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TiplineError } from '../../../core/process/errors.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { outlast } from '../../../core/process/outlast.ts';

const away = new TiplineError('AWAY', 'the disk is full', { retryable: true });

describe('outlast', () => {
  it('waits through what passes by itself, and says so in health', async () => {
    const states: string[] = [];
    const health = createHealth((part, { state, detail }) => states.push(`${part} ${state} ${detail}`.trim()));
    let attempts = 0;
    let beats = 0;
    const result = await outlast(
      () => {
        attempts += 1;
        if (attempts < 3) throw away;
        return 'done';
      },
      {
        part: 'store',
        health,
        log: silentLog,
        signal: new AbortController().signal,
        async heartbeat() {
          beats += 1;
        },
      },
    );
    assert.equal(result, 'done');
    assert.equal(beats, 2);
    assert.deepEqual(states, ['store down the disk is full', 'store up']);
  });

  it('throws what waiting cannot mend, at once', async () => {
    const health = createHealth();
    const options = { part: 'store', health, log: silentLog, signal: new AbortController().signal };
    for (const error of [new TiplineError('NO', 'no', { retryable: false }), new TiplineError('WHO', 'knows')]) {
      await assert.rejects(
        outlast(() => {
          throw error;
        }, options),
        error,
      );
    }
    assert.equal(health.snapshot().size, 0);
  });

  it('gives up when it is told to end', async () => {
    const end = new AbortController();
    const waiting = outlast(
      () => {
        setImmediate(() => end.abort());
        throw away;
      },
      { part: 'store', health: createHealth(), log: silentLog, signal: end.signal },
    );
    await assert.rejects(waiting, { code: 'ABORTED', cause: away });
  });
});

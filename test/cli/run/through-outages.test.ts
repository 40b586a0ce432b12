import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { throughOutages } from '../../../cli/run/through-outages.ts';
import { TiplineError } from '../../../core/process/errors.ts';

const away = new TiplineError('BUS_AWAY', 'connection refused', { retryable: true });

describe('throughOutages', () => {
  it('repeats what can be retried, and tells each failure', async () => {
    const told: string[] = [];
    let tries = 0;
    const result = await throughOutages(
      async () => {
        tries += 1;
        if (tries < 3) throw away;
        return 'open';
      },
      { signal: new AbortController().signal, onAway: ({ code }) => told.push(code) },
    );
    assert.equal(result, 'open');
    assert.deepEqual(told, ['BUS_AWAY', 'BUS_AWAY']);
  });

  it('ends with what waiting cannot mend, with credentials, and with what nobody knows', async () => {
    for (const error of [
      new TiplineError('BUS_LOGIN_REFUSED', 'no', { retryable: false }),
      new TiplineError('STORE_DENIED', 'no', { retryable: true }),
      new Error('a mistake'),
    ]) {
      const step = (): Promise<never> => Promise.reject(error);
      await assert.rejects(throughOutages(step, { signal: new AbortController().signal }), error);
    }
  });

  it('ends with the outage itself after the deadline', async () => {
    const step = (): Promise<never> => Promise.reject(away);
    const { signal } = new AbortController();
    await assert.rejects(throughOutages(step, { signal, deadline: Date.now() + 50 }), away);
  });

  it('gives up at a signal, also a step that does not answer', async () => {
    const stopping = new AbortController();
    const waiting = throughOutages(() => new Promise<never>(() => {}), stopping);
    stopping.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    await assert.rejects(
      throughOutages(async () => assert.fail('not begun'), stopping),
      { code: 'ABORTED' },
    );
  });
});

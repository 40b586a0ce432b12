import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createOutages } from '../../../bus/kafka/outages.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { createHealth } from '../../../core/process/health.ts';
import type { Log } from '../../../core/process/log.ts';

const away = new TiplineError('BUS_AWAY', 'nobody answers', { retryable: true });

function watched() {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  const health = createHealth();
  return { outages: createOutages(health, log), state: () => health.snapshot().get('bus')?.state, lines };
}

describe('outages', () => {
  it('are over when every line is back', () => {
    const { outages, state } = watched();
    const [one, two] = [outages.line('one'), outages.line('two')];
    one.up();
    assert.equal(state(), 'up');
    two.down(away);
    one.up();
    assert.equal(state(), 'down');
    one.down(away);
    two.up();
    assert.equal(state(), 'down');
    one.up();
    assert.equal(state(), 'up');
  });

  it('are logged when they begin and when they end, however often they are told in between', () => {
    const { outages, lines } = watched();
    const line = outages.line('one');
    for (let i = 0; i < 5; i += 1) line.up();
    for (let i = 0; i < 5; i += 1) line.down(away);
    for (let i = 0; i < 5; i += 1) line.up();
    assert.deepEqual(lines, ['Kafka is away: waiting for it', 'Kafka is back']);
  });

  it('do not outlive who saw them, whatever is still heard from there', () => {
    const { outages, state } = watched();
    const [one, two] = [outages.line('one'), outages.line('two')];
    two.up();
    one.down(away);
    one.gone();
    assert.equal(state(), 'up');
    one.down(away);
    assert.equal(state(), 'up');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHealth } from '../../../core/process/health.ts';

describe('health', () => {
  it('is ready when every part that reported is up', () => {
    const health = createHealth();
    assert.equal(health.ready(), true);
    health.report('bus', 'starting');
    health.report('store', 'up');
    assert.equal(health.ready(), false);
    health.report('bus', 'up');
    assert.equal(health.ready(), true);
    health.report('store', 'down', 'connection refused');
    assert.equal(health.ready(), false);
  });

  it('tells each change of state once, and keeps the time of it while details change', (test) => {
    test.mock.timers.enable({ apis: ['Date'], now: 1000 });
    const changes: string[] = [];
    const health = createHealth((part, { state, detail, since }) =>
      changes.push(`${part} ${state} ${since} ${detail}`.trim()),
    );
    health.report('bus', 'down', 'refused');
    test.mock.timers.setTime(2000);
    health.report('bus', 'down', 'timed out');
    assert.deepEqual(health.snapshot().get('bus'), { state: 'down', detail: 'timed out', since: 1000 });
    test.mock.timers.setTime(3000);
    health.report('bus', 'up');
    assert.deepEqual(health.snapshot().get('bus'), { state: 'up', detail: '', since: 3000 });
    assert.deepEqual(changes, ['bus down 1000 refused', 'bus up 3000']);
  });
});

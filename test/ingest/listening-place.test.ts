import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createHealth } from '../../core/process/health.ts';
import { freePort } from '../services/free-port.ts';
import { until } from '../services/wait.ts';
import { openLab } from './lab.ts';
import { createSteppedClock } from './stepped-clock.ts';

test('a second ingest of the machine knows that a feed is in good hands, and takes it over', async (t) => {
  const lab = openLab(t);
  const section = { name: 'push', type: 'tcp', listen: `127.0.0.1:${await freePort()}` };
  const first = lab.start([section], { owner: 'one' });
  await until(() => lab.health.snapshot().get('feed:push')?.state === 'up', { what: 'the first to listen' });

  const health = createHealth();
  const clock = createSteppedClock(Date.UTC(2026, 5, 1));
  const part = () => health.snapshot().get('feed:push');
  lab.start([section], { owner: 'two', clock, context: { ...lab.context, health } });
  const detail = await until(() => part()?.detail, { what: 'word of the second' });
  assert.deepEqual([part()?.state, detail], ['up', 'another process on this machine listens there']);
  assert.equal(lab.state('push').failures, 0);
  assert.ok(health.ready());

  await first.stop();
  const takenOver = (): boolean => {
    clock.step();
    return /127\.0\.0\.1/.test(part()?.detail ?? '');
  };
  await until(takenOver, { what: 'the second to listen' });
});

test('an address that a stranger took is a failure of the feed', async (t) => {
  const lab = openLab(t);
  const stranger = createServer();
  t.after(() => stranger.close());
  const port = await freePort();
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
  lab.start([{ name: 'push', type: 'tcp', listen: `127.0.0.1:${port}` }], { owner: 'one' });
  await until(() => lab.health.snapshot().get('feed:push')?.state === 'down', { what: 'it to be told' });
  assert.match(lab.health.snapshot().get('feed:push')?.detail ?? '', /something listens there already/);
});

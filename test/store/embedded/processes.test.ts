import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { indicatorId } from '../../../core/indicator/id.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { openEmbeddedStore } from '../../../store/embedded/store.ts';
import { startCounting } from '../../services/counting-process.ts';
import { until } from '../../services/wait.ts';
import { patience } from '../given-store.ts';

const data = mkdtempSync(join(tmpdir(), 'tipline-store-'));
after(() => rm(data, { recursive: true }));

const script = join(import.meta.dirname, 'writer.ts');

describe('embedded store and other processes', () => {
  it('has all it acknowledged after kill -9, current and history together', async () => {
    let next = 0;
    for (let round = 0; round < 5; round += 1) {
      const { child, ended, acknowledged } = startCounting(script, {
        data,
        from: next,
        to: next + 1_000_000,
        batch: 20,
      });
      const first = next;
      await until(() => acknowledged() >= first, { what: 'the first acknowledgement' });
      await sleep(randomInt(60));
      child.kill('SIGKILL');
      await ended;

      const { indicators, ...store } = openEmbeddedStore({ data, log: silentLog, health: createHealth() });
      const { current, history } = await indicators.summary();
      assert.ok(current > acknowledged(), `acknowledged ${acknowledged()}, found ${current}`);
      assert.equal(history, current);
      assert.equal(current % 20, 0, 'no half batches');
      const ids = Array.from({ length: acknowledged() - first + 1 }, (_, at) =>
        indicatorId({ type: 'domain', value: `n${first + at}.example` }),
      );
      assert.equal((await indicators.readStates(ids.slice(0, 10_000), patience)).size, Math.min(ids.length, 10_000));
      await store.close();
      next = current;
    }
  });
});

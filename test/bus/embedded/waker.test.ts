import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWaker } from '../../../bus/embedded/waker.ts';
import { until } from '../../services/wait.ts';

const forever = new AbortController().signal;

describe('waker', () => {
  it('does not wait when something came after the ticket was taken', async () => {
    const waker = createWaker(() => 1);
    const ticket = waker.ticket('a');
    waker.wake('a');
    await waker.wait('a', ticket, forever);
  });

  it('wakes those who wait for the topic, and no others', async () => {
    const waker = createWaker(() => 1);
    const end = new AbortController();
    const woken: string[] = [];
    const wait = (topic: string): Promise<void> =>
      waker.wait(topic, waker.ticket(topic), end.signal).then(() => void woken.push(topic));
    const waits = [wait('a'), wait('a'), wait('b')];
    waker.wake('a');
    await until(() => woken.length === 2, { what: 'both waiters of a' });
    assert.deepEqual(woken, ['a', 'a']);
    end.abort();
    await Promise.all(waits);
  });

  it('wakes all when the version changes, and also when it cannot be read', async () => {
    let version = 1;
    const waker = createWaker(() => {
      if (version < 0) throw new Error('cannot read');
      return version;
    });
    const waits = ['a', 'b'].map((topic) => waker.wait(topic, waker.ticket(topic), forever));
    version = 2;
    await Promise.all(waits);
    const again = waker.wait('a', waker.ticket('a'), forever);
    version = -1;
    await again;
  });

  it('has one timer while anybody waits, and none afterwards', async () => {
    const before = timers();
    const waker = createWaker(() => 1);
    const end = new AbortController();
    const waits = Array.from({ length: 20 }, (_, at) => waker.wait(`topic ${at % 4}`, 0, end.signal));
    assert.equal(timers() - before, 1);
    waker.wake('topic 1');
    assert.equal(timers() - before, 1);
    end.abort();
    await Promise.all(waits);
    assert.equal(timers(), before);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { repairIdleTimer } from '../../../bus/kafka/idle-timer.ts';
import { KNOWN_KAFKAJS, kafkajsModule, kafkajsVersion } from '../../../bus/kafka/internals.ts';
import { givenKafka } from '../../services/given.ts';

describe('idle connections of kafkajs', () => {
  let brokers: string[];
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  before(async () => {
    brokers = await givenKafka();
    process.on('warning', note);
  });
  after(() => {
    process.off('warning', note);
  });

  it('are of the version that the repair was written for', () => {
    assert.equal(kafkajsVersion(), KNOWN_KAFKAJS);
  });

  it('start no timers, and Node prints no warning about negative ones', async () => {
    repairIdleTimer();
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, enforceRequestTimeout: false }).admin();
    await admin.connect();
    await admin.listTopics();
    let timers = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'Timeout') timers += 1;
      },
    }).enable();
    await sleep(500);
    hook.disable();
    await admin.disconnect();
    // Without the repair there are several hundred.
    assert.ok(timers <= 3, `${timers} timers in half a second`);
    assert.deepEqual(warnings, []);
  });

  it('still send what had to wait', async () => {
    repairIdleTimer();
    interface Queue {
      push(request: object): void;
      fulfillRequest(response: object): void;
      destroy(): void;
    }
    const RequestQueue = kafkajsModule('network/requestQueue/index.js') as new (options: object) => Queue;
    const quiet = (): void => {};
    const queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1_000,
      enforceRequestTimeout: false,
      clientId: 'test',
      broker: 'none',
      logger: { debug: quiet, warn: quiet },
    });
    const sent: number[] = [];
    const request = (correlationId: number): object => ({
      entry: { correlationId, apiKey: 1, apiName: 'any', apiVersion: 1, resolve: quiet, reject: quiet },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    });
    queue.push(request(1));
    queue.push(request(2));
    assert.deepEqual(sent, [1]);
    queue.fulfillRequest({ correlationId: 1, size: 0, payload: Buffer.alloc(0) });
    assert.deepEqual(sent, [1, 2]);
    queue.destroy();
  });
});

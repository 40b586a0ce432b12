import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withForeignTopics } from '../../../cli/run/foreign-topic.ts';
import { type Config, configSchema } from '../../../core/process/config/sections.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { createMetrics } from '../../../core/process/metrics.ts';
import { noSeam } from '../../../core/process/seam.ts';
import type { FeedContext, ForeignTopic } from '../../../ingest/feed.ts';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { freePort } from '../../services/free-port.ts';

const kafka = (brokers: string[], prefix = ''): Config['bus'] =>
  configSchema.parse({ bus: { kind: 'kafka', brokers, prefix } }).bus;

/** What a feed is given to open topics with. */
function opener(bus: Config['bus'], health = createHealth()): NonNullable<FeedContext['openBus']> {
  const context = { log: silentLog, health, metrics: createMetrics(), seam: noSeam };
  const settings = { name: 'partner', type: 'kafka', enabled: true, tags: [] };
  let given: FeedContext | undefined;
  const [feed] = withForeignTopics(
    [
      {
        settings,
        fingerprint: '',
        reaches: [],
        open(context) {
          given = context;
          return { kind: 'listening', run: async () => {} };
        },
      },
    ],
    bus,
    context,
    () => {},
  );
  feed?.open({ fetcher: createFetcher(), log: silentLog });
  return given?.openBus ?? assert.fail('no way to open a bus');
}

const topic = (name: string, broker: string): ForeignTopic => ({
  feed: 'partner',
  topic: name,
  reach: { brokers: [broker], client_id: 'tipline', tls: false, sasl: undefined },
});

test("tipline's own topics are not read back, those of another tipline are", async () => {
  const open = opener(kafka(['kafka.example.org:9092'], 'prod.'));
  await assert.rejects(open(topic('prod.ioc.raw', 'kafka.example.org:9092')), { code: 'FEED_LOOP' });
  for (const other of [topic('ioc.raw', 'kafka.example.org:9092'), topic('prod.ioc.raw', 'kafka.example.net:9092')]) {
    await (await open(other)).close();
  }
});

test('an outage over there is told as the state of the feed', async () => {
  const health = createHealth();
  const broker = `127.0.0.1:${await freePort()}`;
  const bus = await opener(configSchema.parse({}).bus, health)(topic('partner.iocs', broker));
  const subscription = await bus.consume({ topic: 'partner.iocs', group: 'g', handler: async () => {} });
  assert.equal(health.snapshot().get('feed:partner')?.state, 'down');
  assert.equal(health.snapshot().has('bus'), false);
  await subscription.stop();
  await bus.close();
});

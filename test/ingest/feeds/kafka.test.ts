import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openEmbeddedBus } from '../../../bus/embedded/bus.ts';
import { type Batch, type Bus, type ConsumeOptions, REFUSED_HEADER } from '../../../bus/port.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import type { ConfiguredFeed, FeedContext, ForeignTopic } from '../../../ingest/feed.ts';
import { until } from '../../services/wait.ts';
import { configured, type Lab, openLab, refusals } from '../lab.ts';

const section = (more: object = {}): object => ({
  name: 'partner',
  type: 'kafka',
  brokers: ['kafka.example.org:9092'],
  topic: 'partner.iocs',
  ...more,
});

/** The Kafka of somebody else, for which a bus in a folder stands in; it can be opened again and again, as by a process that was restarted. */
async function foreign(
  t: TestContext,
): Promise<{ open(): Bus; publish(values: (string | Buffer)[], headers?: Record<string, string>): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'tipline-foreign-'));
  const open = (): Bus => openEmbeddedBus({ data, log: silentLog, health: createHealth() });
  const bus = open();
  t.after(async () => {
    await bus.close();
    rmSync(data, { recursive: true, force: true });
  });
  await bus.createTopics([{ name: 'partner.iocs', retentionMs: 3_600_000 }]);
  return {
    open,
    publish: (values, headers) =>
      bus.publish(
        'partner.iocs',
        values.map((value, n) => ({ key: `k${n}`, value, ...(headers === undefined ? {} : { headers }) })),
      ),
  };
}

function onBus(feed: unknown, openBus: (topic: ForeignTopic) => Promise<Bus>): ConfiguredFeed {
  const plain = configured(feed);
  return { ...plain, open: (context: FeedContext) => plain.open({ ...context, openBus }) };
}

const up = (lab: Lab): Promise<unknown> =>
  until(() => lab.health.snapshot().get('feed:partner')?.state === 'up', { what: 'the topic to be read' });

test('records in the form of ioc.raw: nobody speaks for others, and what is no JSON is a dead letter', async (t) => {
  const lab = openLab(t);
  const theirs = await foreign(t);
  let asked: ForeignTopic | undefined;
  const feed = onBus(
    section({ tags: ['x'], sasl: { mechanism: 'plain', username: 'u', password: 'p' } }),
    async (topic) => {
      asked = topic;
      return theirs.open();
    },
  );
  await theirs.publish([
    JSON.stringify({ indicator: 'a.example', source: 'abuseipdb', collected_at: '2099-01-01' }),
    JSON.stringify({ indicator: 'b.example', timestamp: '2026-11-20T05:00:00Z' }),
    'not json',
    '[1]',
    '',
  ]);
  lab.start([], { feeds: [feed] });
  await until(() => lab.bus.records.length === 4, { what: 'four records' });
  const [a, b, c, d] = lab.bus.values();
  assert.deepEqual(
    [a?.source, b?.source, a?.tags, b?.timestamp],
    ['partner/abuseipdb', 'partner', ['x'], '2026-11-20T05:00:00Z'],
  );
  assert.ok(Math.abs(Date.parse(String(a?.timestamp)) - Date.now()) < 60_000, 'the time that the broker has');
  assert.deepEqual([c?.unreadable, d?.unreadable], ['not json', '[1]']);
  assert.deepEqual(asked, {
    feed: 'partner',
    topic: 'partner.iocs',
    reach: {
      brokers: ['kafka.example.org:9092'],
      client_id: 'tipline',
      tls: false,
      sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    },
  });
  assert.match(
    String(lab.health.snapshot().get('feed:partner')?.detail),
    /^reads partner\.iocs of embedded .* as tipline-partner$/,
  );
});

test('records of another shape: fields by path, several in one, and their sources', async (t) => {
  const lab = openLab(t);
  const theirs = await foreign(t);
  const columns = {
    indicator: 'iocs[].value',
    type: 'iocs[].kind',
    confidence: 'iocs[].score',
    tags: 'labels',
    timestamp: 'meta.at',
    source: 'meta.by',
    ref: 'id',
  };
  const message = {
    id: 7,
    meta: { at: '2026-11-20T05:00:00Z', by: 'lab' },
    labels: ['c2'],
    iocs: [{ value: '192.0.2.1', kind: 'ipv4', score: '80' }, { value: 'b.example' }, { kind: 'url' }],
  };
  await theirs.publish([JSON.stringify(message), JSON.stringify({ iocs: [] }), 'x']);
  const feeds = [
    onBus(section({ columns }), async () => theirs.open()),
    onBus(section({ name: 'trusted', columns, trust_source: true }), async () => theirs.open()),
  ];
  const worker = lab.start([], { feeds });
  await until(() => lab.bus.records.length === 6, { what: 'three records each' });
  const [first, second] = lab.bus.values().filter(({ source }) => source === 'partner/lab');
  const { collected_at, ...rest } = first ?? {};
  assert.deepEqual(rest, {
    indicator: '192.0.2.1',
    type: 'ipv4',
    ref: '7',
    timestamp: '2026-11-20T05:00:00Z',
    tags: ['c2'],
    confidence: 80,
    source: 'partner/lab',
  });
  assert.deepEqual([second?.indicator, second?.type, second?.confidence], ['b.example', undefined, undefined]);
  assert.equal(lab.bus.values().filter(({ source }) => source === 'lab').length, 2);
  await worker.stop();
  assert.ok(
    lab.logged.some(
      ({ fields }) => fields.skipped === 2 && fields.first_skipped === 'line 0: no indicator at iocs[].value',
    ),
    'one of the first message, and all of the second',
  );
});

test('its place moves on when the records are on the bus, and not before', async (t) => {
  const lab = openLab(t);
  const theirs = await foreign(t);
  await theirs.publish(Array.from({ length: 10 }, (_, n) => JSON.stringify({ indicator: `n${n}.example` })));
  const watch = theirs.open();
  t.after(() => watch.close());
  lab.bus.shut();
  const feed = onBus(section(), async () => theirs.open());
  const worker = lab.start([], { feeds: [feed] });
  await until(() => lab.bus.waiting() === 10, { what: 'ten records that wait' });
  assert.equal(await watch.lag('partner.iocs', 'tipline-partner'), 10);
  lab.bus.open();
  await until(async () => (await watch.lag('partner.iocs', 'tipline-partner')) === 0, { what: 'the commit' });
  await worker.stop();
  await theirs.publish([JSON.stringify({ indicator: 'late.example' })]);
  const next = openLab(t);
  next.start([], { feeds: [feed] });
  await until(() => next.bus.records.length > 0, { what: 'the new record' });
  assert.deepEqual(
    next.bus.values().map(({ indicator }) => indicator),
    ['late.example'],
    'what was delivered is not read again',
  );
});

/** A bus that hands over what the test gives it. */
function scripted(): {
  bus: Bus;
  hand(batch: Partial<Batch>): Promise<void>;
  end(error: unknown): void;
  closed(): boolean;
} {
  const unused = (): never => assert.fail('not used');
  const handler = Promise.withResolvers<ConsumeOptions['handler']>();
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => {});
  let closed = false;
  const bus: Bus = {
    description: 'scripted',
    publish: unused,
    async consume(options) {
      handler.resolve(options.handler);
      return { closed: over.promise, stop: async () => over.resolve() };
    },
    lag: unused,
    leftBehind: unused,
    servers: unused,
    scan: unused,
    createTopics: unused,
    missingTopics: unused,
    check: unused,
    close: async () => {
      closed = true;
    },
  };
  return {
    bus,
    end: (error) => over.reject(error),
    closed: () => closed,
    async hand(batch) {
      const signal = new AbortController().signal;
      await (await handler.promise)({
        topic: 'partner.iocs',
        partition: 0,
        records: [],
        heartbeat: async () => {},
        signal,
        ...batch,
      });
    },
  };
}

const incoming = (value: string, headers: Record<string, string> = {}) => ({
  key: null,
  value: Buffer.from(value),
  offset: 5,
  timestamp: -1,
  headers,
});

test('while our bus is away the group is told that we live, and a partition that is taken away is let go', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lab = openLab(t);
  const theirs = scripted();
  lab.start([], { feeds: [onBus(section(), async () => theirs.bus)] });
  await up(lab);
  lab.bus.shut();
  let beats = 0;
  const taken = new AbortController();
  const handed = theirs.hand({
    records: [incoming('{"indicator":"a.example"}')],
    signal: taken.signal,
    heartbeat: async () => {
      beats += 1;
    },
  });
  await until(() => lab.bus.waiting() === 1, { what: 'the record to wait' });
  t.mock.timers.tick(9000);
  assert.ok(beats >= 2, `${beats} heartbeats`);
  taken.abort();
  await handed;
  const before = beats;
  t.mock.timers.tick(9000);
  assert.equal(beats, before);
});

test('batches that nobody can read are told of, and times that are none are left out', async (t) => {
  const lab = openLab(t);
  const theirs = scripted();
  const worker = lab.start([], { feeds: [onBus(section(), async () => theirs.bus)] });
  await theirs.hand({
    records: [incoming('', { [REFUSED_HEADER]: 'damaged' }), incoming('{"indicator":"a.example"}')],
  });
  assert.equal('timestamp' in (lab.bus.values()[0] ?? {}), false);
  await worker.stop();
  assert.ok(lab.logged.some(({ message }) => /a batch of partner\.iocs cannot be read: damaged/.test(message)));
  assert.ok(theirs.closed());
});

test('what ends the consumer is the failure of the feed, which is tried again; our own bus failing ends the worker', async (t) => {
  const lab = openLab(t);
  const first = scripted();
  const second = scripted();
  const buses = [first, second];
  const worker = lab.start([], {
    feeds: [onBus(section(), async () => buses.shift()?.bus ?? assert.fail('opened once too often'))],
  });
  await up(lab);
  first.end(new TiplineError('BUS_TOPIC_MISSING', 'topic partner.iocs does not exist', { retryable: false }));
  await until(() => lab.state('partner').lastError?.code === 'BUS_TOPIC_MISSING', { what: 'the failure' });
  assert.ok(first.closed());
  await until(() => lab.health.snapshot().get('feed:partner')?.state === 'up', { what: 'the next try' });
  lab.bus.fail(new Error('broken'), 1);
  const failed = assert.rejects(worker.drained, /broken/);
  const handed = second.hand({ records: [incoming('{"indicator":"a.example"}')] });
  await assert.rejects(handed, (error) => {
    second.end(error);
    return true;
  });
  await failed;
});

test('what is refused in the configuration', async (t) => {
  const said = (more: object): string => refusals(section(more)).join('; ');
  assert.equal(said({}), '');
  assert.match(said({ topic: 'a b' }), /^topic: must be letters/);
  assert.match(said({ brokers: [] }), /^brokers/);
  assert.match(said({ columns: {} }), /^columns\.indicator: must say where the indicator stands/);
  assert.match(said({ columns: { indicator: 'a[0]' } }), /^columns\.indicator: must be a path/);
  assert.match(
    said({ columns: { indicator: 'a', colour: 'b' } }),
    /^columns: there is no such key; the keys here are indicator, .*source$/,
  );
  const lab = openLab(t);
  lab.start([section()]);
  await until(() => lab.state('partner').lastError?.code === 'FEED_NO_BUS', { what: 'the complaint' });
});

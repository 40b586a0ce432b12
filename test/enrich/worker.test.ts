import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { configSchema } from '../../core/process/config/sections.ts';
import { SHARED_ALLOW_LIST } from '../../enrich/lists/entry.ts';
import { until } from '../services/wait.ts';
import { type Lab, openLab } from './embedded-lab.ts';

const DAY = 86_400_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const good = { indicator: '9.9.9.9', source: 'feed-a', confidence: 90, severity: 90, tags: ['malicious'] };

describe('enrichment on the embedded ports', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(() => lab.close());

  it('takes an indicator from raw to store and topic', async () => {
    const worker = await lab.start();
    await lab.say(good);
    const [published] = await lab.enriched();
    assert.ok(published);
    assert.equal(published.event.action, 'new');
    assert.equal(published.tipline.threat_score, 90);
    assert.equal(published.tipline.revision, 1);
    assert.deepEqual(await lab.current('9.9.9.9'), published);
    assert.deepEqual({ history: worker.tally().history, current: worker.tally().current }, { history: 1, current: 1 });
  });

  it('writes nothing for what says the same again, in this process and in the next', async () => {
    const first = await lab.start();
    await lab.say(good, good, { ...good, last_seen: ago(0) });
    await lab.say(good);
    assert.equal(first.tally().current, 1);
    await first.stop();
    const second = await lab.start();
    await lab.say(good, good);
    assert.equal(second.tally().current, 0);
    assert.equal((await lab.enriched()).length, 1);
  });

  it('merges the sources of one indicator and lets the best-scoring claim speak', async () => {
    await lab.start();
    await lab.say(good, {
      ...good,
      indicator: '9[.]9.9.9',
      source: 'feed-b',
      confidence: 95,
      severity: undefined,
      tags: ['c2'],
    });
    const current = await lab.current('9.9.9.9');
    assert.deepEqual(current?.tipline.sources, ['feed-a', 'feed-b']);
    assert.equal(current?.tipline.why.source, 'feed-b');
    assert.equal(current?.tipline.threat_score, 93);
    assert.equal((await lab.store.indicators.summary()).history, 2);
  });

  it('revokes what its source takes back', async () => {
    await lab.start();
    await lab.say(good);
    await lab.say({ ...good, revoked: true });
    const current = await lab.current('9.9.9.9');
    assert.equal(current?.tipline.status, 'revoked');
    assert.equal(current?.tipline.threat_score, 0);
    assert.deepEqual(
      (await lab.enriched()).map((each) => each.event.action),
      ['new', 'revoked'],
    );
  });

  it('keeps the history of a statement that the same batch replaces', async () => {
    await lab.bus.publish(TOPICS.raw, [
      { key: 'k', value: JSON.stringify({ ...good, confidence: 10, timestamp: ago(60_000) }) },
      { key: 'k', value: JSON.stringify({ ...good, confidence: 20, timestamp: ago(30_000) }) },
      { key: 'k', value: JSON.stringify({ ...good, confidence: 30, timestamp: ago(10_000) }) },
    ]);
    await lab.start();
    await lab.caughtUp();
    assert.equal((await lab.store.indicators.summary()).history, 3);
    assert.equal((await lab.current('9.9.9.9'))?.tipline.revision, 1);
  });

  it('expires what is not seen any more, by a recheck of the sweep', async () => {
    let shift = 0;
    await lab.start({
      now: () => Date.now() + shift,
      config: configSchema.parse({ enrich: { sweep_every: '100ms' } }).enrich,
    });
    await lab.say(good, {
      ...good,
      source: 'feed-b',
      confidence: 60,
      valid_until: new Date(Date.now() + 20 * DAY).toISOString(),
    });
    shift = 15 * DAY;
    await until(async () => (await lab.current('9.9.9.9'))?.tipline.threat_score === 69, {
      timeout: 10_000,
      what: 'the better claim to lapse',
    });
    assert.equal((await lab.current('9.9.9.9'))?.tipline.status, 'active');
    shift = 21 * DAY;
    await until(async () => (await lab.current('9.9.9.9'))?.tipline.status === 'expired', {
      timeout: 10_000,
      what: 'the indicator to expire',
    });
    await lab.caughtUp();
    assert.deepEqual(
      (await lab.enriched()).map((each) => each.event.action),
      ['new', 'updated', 'expired'],
    );
    assert.equal((await lab.store.indicators.summary()).history, 2, 'an expiry writes no history');
  });

  it('makes a statement active at the moment that it begins, by a recheck of the sweep', async () => {
    let shift = 0;
    await lab.start({
      now: () => Date.now() + shift,
      config: configSchema.parse({ enrich: { sweep_every: '100ms' } }).enrich,
    });
    await lab.say({ ...good, valid_from: new Date(Date.now() + 2 * DAY).toISOString() });
    assert.equal((await lab.current('9.9.9.9'))?.tipline.status, 'expired');
    shift = 2 * DAY;
    await until(async () => (await lab.current('9.9.9.9'))?.tipline.status === 'active', {
      timeout: 10_000,
      what: 'the statement to begin',
    });
    await lab.caughtUp();
    assert.deepEqual(
      (await lab.enriched()).map((each) => [each.event.action, each.tipline.threat_score]),
      [
        ['new', 0],
        ['updated', 90],
      ],
    );
  });

  it('takes up a changed allow list, and its end', async () => {
    await lab.start({ config: configSchema.parse({ enrich: {} }).enrich });
    await lab.say(good, { ...good, indicator: '10.1.1.1' });
    assert.equal((await lab.current('10.1.1.1'))?.tipline.status, 'allowed');
    assert.equal((await lab.current('9.9.9.9'))?.tipline.status, 'active');
    const entry = {
      type: 'cidr',
      value: '9.9.0.0/16',
      reason: 'ours',
      until: new Date(Date.now() + 7_000).toISOString(),
      added_at: ago(0),
    };
    await lab.store.cursors.put(SHARED_ALLOW_LIST, [entry], null);
    await until(async () => (await lab.current('9.9.9.9'))?.tipline.status === 'allowed', {
      timeout: 15_000,
      what: 'the entry to count',
    });
    assert.match((await lab.current('9.9.9.9'))?.tipline.why.allowed_by ?? '', /ours/);
    await until(async () => (await lab.current('9.9.9.9'))?.tipline.status === 'active', {
      timeout: 20_000,
      what: 'the entry to run out',
    });
  });

  it('marks what a warning list knows, and unmarks it when the list forgets it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-warning-'));
    const write = (list: readonly string[]) => {
      mkdirSync(join(folder, 'resolvers'), { recursive: true });
      writeFileSync(join(folder, 'resolvers', 'list.json'), JSON.stringify({ name: 'Resolvers', type: 'cidr', list }));
    };
    const first = await lab.start();
    await lab.say(good, { ...good, indicator: '8.8.4.4' });
    assert.equal((await lab.current('9.9.9.9'))?.tipline.benign, undefined);
    await first.stop();
    write(['9.9.9.0/24']);
    await lab.start({ warningLists: [folder] });
    const benign = async (value: string, list: string | undefined) =>
      until(async () => (await lab.current(value))?.tipline.benign === list, {
        timeout: 20_000,
        what: `${value} of ${list}`,
      });
    await benign('9.9.9.9', 'Resolvers');
    await lab.caughtUp();
    const marked = await lab.current('9.9.9.9');
    assert.equal(marked?.tipline.status, 'active');
    assert.equal(marked?.tipline.threat_score, 90, 'searchable with all that is known of it');
    assert.equal((await lab.enriched()).at(-1)?.tipline.benign, 'Resolvers');
    assert.equal((await lab.current('8.8.4.4'))?.tipline.benign, undefined);
    write(['8.8.0.0/16']);
    await benign('8.8.4.4', 'Resolvers');
    await benign('9.9.9.9', undefined);
    rmSync(folder, { recursive: true });
  });

  it('a value, or a feed, that the operator excepts is never benign', async () => {
    const warning_lists = { except: ['9.9.9.9'], except_feeds: ['vetted'] };
    const { enrich: config } = configSchema.parse({ enrich: { warning_lists } });
    await lab.start({ config, warningLists: ['rules/warning-lists'] });
    await lab.say(good, { ...good, indicator: '8.8.4.4' }, { ...good, indicator: '1.1.1.1' });
    assert.equal((await lab.current('9.9.9.9'))?.tipline.benign, undefined);
    assert.equal((await lab.current('8.8.4.4'))?.tipline.benign, 'Public DNS resolvers');
    await lab.sayAs({ [FEED_HEADER]: 'vetted' }, { ...good, indicator: '1.1.1.1' });
    assert.equal((await lab.current('1.1.1.1'))?.tipline.benign, undefined);
    await lab.sayAs({ [FEED_HEADER]: 'vetted' }, { ...good, indicator: '1.1.1.1', revoked: true });
    assert.equal((await lab.current('1.1.1.1'))?.tipline.benign, 'Public DNS resolvers');
  });

  it('reads an allow file at start and derives again what changed while it was down', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-allow-'));
    const path = join(folder, 'allow.txt');
    writeFileSync(path, '');
    const config = configSchema.parse({ enrich: { allow: [path] } }).enrich;
    const first = await lab.start({ config });
    await lab.say({ ...good, indicator: 'http://cdn.example.net/x' });
    await first.stop();
    writeFileSync(path, 'example.net # our own\n');
    await lab.start({ config });
    await until(async () => (await lab.current('http://cdn.example.net/x'))?.tipline.status === 'allowed', {
      timeout: 10_000,
      what: 'the file to count',
    });
    rmSync(folder, { recursive: true });
  });

  it('sets aside what it cannot use, with reason and bytes, and goes on', async () => {
    await lab.start();
    await lab.say('{"indicator": "9.9.9.9"', good, { ...good, indicator: '300.1.1.1', type: 'ip' });
    const letters: DeadLetter[] = [];
    for await (const record of lab.bus.scan(TOPICS.deadLetters))
      letters.push(JSON.parse(record.value.toString()) as DeadLetter);
    assert.deepEqual(
      letters.map((letter) => letter.code),
      ['RAW_NOT_JSON', 'INDICATOR_BAD_IP'],
    );
    assert.equal(letters[0]?.payload, '{"indicator": "9.9.9.9"');
    assert.match(letters[0]?.id ?? '', /^ioc\.raw-0-0-[0-9a-f]{8}$/);
    assert.ok(await lab.current('9.9.9.9'));
  });
});

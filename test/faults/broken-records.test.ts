import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeEvents } from '../../bench/events.ts';
import type { Outgoing } from '../../bus/port.ts';
import type { Summary } from '../../cli/run/summary.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { type Lab, openLab } from '../e2e/lab.ts';
import { BROKEN_WAYS, type BrokenWay } from './broken-ways.ts';

const EVENTS = Number(process.env.TIPLINE_BROKEN_EVENTS ?? 10_000);
/** One record in so many is broken, each time in the next of the ways. */
const ONE_IN = 100;
const AT_ONCE = 10_000;

interface Broken {
  way: BrokenWay;
  record: Buffer;
}

function mix(): { records: Outgoing[]; broken: Broken[] } {
  const broken: Broken[] = [];
  const records = makeEvents(EVENTS, 'new').map((event, n): Outgoing => {
    const way = BROKEN_WAYS[Math.floor(n / ONE_IN) % BROKEN_WAYS.length];
    if (n % ONE_IN !== ONE_IN - 1 || way === undefined) return event;
    const record = Buffer.from(way.make(n));
    broken.push({ way, record });
    return { key: event.key, value: record };
  });
  return { records, broken };
}

describe(`${EVENTS.toLocaleString('en')} records, one in ${ONE_IN} broken in one of ${BROKEN_WAYS.length} ways`, () => {
  let lab: Lab;
  let letters: DeadLetter[];
  const { records, broken } = mix();

  before(async () => {
    lab = await openLab();
    lab.configure({ enrich: { geo: { default: 'off' } } });
    assert.equal((await lab.run(['setup'])).code, 0);
    for (let at = 0; at < records.length; at += AT_ONCE)
      await lab.bus.publish(TOPICS.raw, records.slice(at, at + AT_ONCE));
  });
  after(() => lab?.close());

  async function enrich(): Promise<Summary> {
    const { code, stdout, stderr } = await lab.run(['run', 'enrich', 'audit', '--once', '--json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Summary;
  }

  async function listLetters(...options: string[]): Promise<DeadLetter[]> {
    const { code, stdout, stderr } = await lab.run(['dlq', 'list', '--json', ...options]);
    assert.equal(code, 0, stderr);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as DeadLetter);
  }

  it('indexes all the others and sets each broken one aside', async () => {
    const started = performance.now();
    const summary = await enrich();
    const seconds = (performance.now() - started) / 1000;
    console.log(`${seconds.toFixed(1)} s, ${(EVENTS / seconds).toFixed(0)} records/s with start and end`);
    const whole = EVENTS - broken.length;
    assert.equal(broken.length, EVENTS / ONE_IN);
    assert.deepEqual(
      { current: summary.current, history: summary.history, dlq: summary.dlq },
      { current: whole, history: whole, dlq: broken.length },
    );
    assert.equal(await lab.count('threat_intel_current'), whole);
    assert.equal(await lab.count('threat_intel-*'), whole);
  });

  it('names the reason of each, and keeps its bytes', async () => {
    letters = await listLetters('--limit', String(broken.length * 2));
    assert.equal(letters.length, broken.length);
    const missing = new Set(broken);
    for (const letter of letters) {
      const bytes = Buffer.from(letter.payload, letter.payload_encoding);
      const found = [...missing].find(({ record }) => record.subarray(0, bytes.length).equals(bytes));
      assert.ok(found, `${letter.id} holds what was published, or its beginning`);
      assert.equal(letter.code, found.way.code, found.way.name);
      assert.equal(letter.payload_bytes, found.record.length);
      assert.equal(letter.payload_cut === true, bytes.length < found.record.length);
      assert.equal(letter.payload_cut === true, letter.code === 'RAW_TOO_LARGE', 'nothing else is cut');
      const { topic, partition, offset } = letter.origin;
      assert.equal(letter.id.replace(/-[0-9a-f]{8}$/, ''), `${topic}-${partition}-${offset}`);
      missing.delete(found);
    }
    assert.equal(missing.size, 0);
  });

  it('lists them by reason', async () => {
    const each = broken.length / BROKEN_WAYS.length;
    const table = await lab.run(['dlq', 'list']);
    for (const { code } of BROKEN_WAYS) assert.match(table.stdout, new RegExp(`^${code} +${each}$`, 'm'));
    const some = await listLetters('--code', 'RAW_TAGS_INVALID', '--limit', '3');
    assert.deepEqual(
      some.map(({ code }) => code),
      new Array(Math.min(3, each)).fill('RAW_TAGS_INVALID'),
    );
  });

  it('shows one whole', async () => {
    for (const code of ['RAW_NOT_UTF8', 'RAW_CONFIDENCE_INVALID']) {
      const letter = letters.find((one) => one.code === code);
      assert.ok(letter);
      const shown = await lab.run(['dlq', 'show', letter.id, '--json']);
      assert.deepEqual(JSON.parse(shown.stdout), letter);
      assert.match((await lab.run(['dlq', 'show', letter.id])).stdout, new RegExp(`^reason +${code} `, 'm'));
    }
  });

  it('files a copy of each by day, to be searched by reason', async () => {
    assert.equal(await lab.count('threat_deadletters-*'), broken.length);
    for (const { code } of BROKEN_WAYS)
      assert.equal(
        await lab.count('threat_deadletters-*', { term: { code } }),
        broken.length / BROKEN_WAYS.length,
        code,
      );
  });

  it('takes a repaired one back', async () => {
    const letter = letters.find(({ code }) => code === 'RAW_CONFIDENCE_INVALID');
    assert.ok(letter);
    const repaired = { ...JSON.parse(letter.payload), confidence: 90 };
    const file = join(lab.folder, 'repaired.json');
    writeFileSync(file, JSON.stringify(repaired));
    const replayed = await lab.run(['dlq', 'replay', letter.id, '--with', file]);
    assert.equal(replayed.code, 0, replayed.stderr);
    const { current, history, dlq } = await enrich();
    assert.deepEqual({ current, history, dlq }, { current: 1, history: 1, dlq: 0 });
    const found = await lab.run(['search', repaired.indicator, '--json']);
    assert.equal(found.code, 0);
    const { tipline } = JSON.parse(found.stdout);
    assert.equal(tipline.confidence, 90);
    // it counts from when it was first read, not from the replay
    assert.equal(tipline.claims[0].timestamp, letter.collected_at);
  });

  it('refuses one again that is replayed as it was, and says so when it cannot be', async () => {
    const letter = letters.find(({ code }) => code === 'RAW_TYPE_UNKNOWN');
    const cut = letters.find(({ code }) => code === 'RAW_TOO_LARGE');
    assert.ok(letter && cut);
    assert.equal((await lab.run(['dlq', 'replay', letter.id])).code, 0);
    const refused = await lab.run(['dlq', 'replay', cut.id]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /was cut to \d+ characters: replay it --with a file\. \(DLQ_CUT\)/);
    assert.equal((await enrich()).dlq, 1);
    const [again, ...others] = (await listLetters('--limit', String(broken.length * 2)))
      .filter(({ payload }) => payload === letter.payload)
      .filter(({ id }) => id !== letter.id);
    assert.deepEqual(others, []);
    assert.ok(again);
    assert.deepEqual([again.code, again.collected_at], [letter.code, letter.collected_at]);
  });
});

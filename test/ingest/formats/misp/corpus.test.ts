import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '../../../../core/process/errors.ts';
import { findIndicators } from '../../../../ingest/formats/misp/types.ts';
import { attribute, event, readExport } from './export.ts';

interface Attribute {
  type: string;
  value: string;
  to_ids: boolean;
  uuid: string;
  deleted: boolean;
}
interface Holder {
  Attribute?: Attribute[];
  Object?: Holder[];
}

/** An event of our own, or with TIPLINE_CORPUS all real ones of the folder. */
function exportsToRead(): Map<string, string> {
  const corpus = process.env.TIPLINE_CORPUS;
  if (corpus === undefined) {
    const own = event([attribute('domain|ip', 'a.example.org|192.0.2.1'), attribute('text', 'x', { to_ids: false })], {
      Object: [{ name: 'file', Attribute: [attribute('filename|md5', `a.exe|${'a'.repeat(32)}`)] }],
    });
    return new Map([
      ['own', JSON.stringify({ response: [{ Event: own }] })],
      ['foreign', '{\n  "duvelDetails": {"token": "x"}}'],
    ]);
  }
  const folder = join(corpus, 'misp-events');
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** By another way: all attributes of the file, walked after JSON.parse. */
function attributesOf(text: string): Attribute[] {
  const document = JSON.parse(text) as { response?: unknown };
  const inside = document.response ?? document;
  const holders = (Array.isArray(inside) ? inside : [inside]) as { Event?: Holder }[];
  return holders.flatMap(({ Event }) => [
    ...(Event?.Attribute ?? []),
    ...(Event?.Object ?? []).flatMap((object) => object.Attribute ?? []),
  ]);
}

test('real events give exactly what they hold, by type', async (t) => {
  let total = 0;
  let refused = 0;
  for (const [name, text] of exportsToRead()) {
    const held = attributesOf(text);
    for (const [cut, maxElement] of [
      [65_536, 1024 ** 2],
      [777, 60_000],
    ] as const) {
      const { records, error, report } = await readExport(text, { toIds: 'ignore', maxElement }, cut);
      if (held.length === 0) {
        refused += 1;
        assert.equal(codeOf(error), 'FEED_SHAPE', name);
        assert.match(messageOf(error), /what stands at byte \d+/, name);
        continue;
      }
      assert.equal(error, undefined, name);
      assert.equal(report.skipped, 0, name);
      const expected = held.flatMap(({ type, value, uuid, deleted }) =>
        (findIndicators(type, value) ?? []).map(
          (found) => `${uuid} ${found.type} ${found.indicator.trim()} ${deleted}`,
        ),
      );
      const given = records.map(
        ({ ref, type, indicator, revoked }) => `${ref} ${type} ${indicator} ${revoked === true}`,
      );
      assert.deepEqual(given.toSorted(), expected.toSorted(), name);
      total += given.length;
    }
    const forDetection = held.filter(({ to_ids, deleted }) => to_ids || deleted);
    const only = await readExport(text);
    const uuids = new Set(
      forDetection.filter(({ type, value }) => findIndicators(type, value)).map(({ uuid }) => uuid),
    );
    assert.deepEqual(new Set(only.records.map(({ ref }) => ref)), uuids, name);
  }
  assert.ok(total > 0);
  assert.equal(refused, 2);
  t.diagnostic(`${total / 2} indicators`);
});

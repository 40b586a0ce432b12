import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { object, readText, type StixObject, sorted, uuid } from './bundle.ts';

/*
 * Bundles of few ids, so that versions, relations, sightings and markings often meet.
 */
const number = fc.integer({ min: 1, max: 3 });
const time = fc.constantFrom(
  '2026-03-01T00:00:00Z',
  '2026-03-02T00:00:00.000001Z',
  '2026-03-02T00:00:00.000002Z',
  '2026-03-03T00:00:00.5Z',
  'never',
  undefined,
);
const value = fc.constantFrom('a.example.org', 'A.example.org', 'b.example.org');
const marks = fc.subarray([
  'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9',
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed',
  uuid('marking-definition', 1),
]);

const common = fc.record({ modified: time, revoked: fc.constantFrom(true, undefined), object_marking_refs: marks });
const special: fc.Arbitrary<StixObject> = fc.oneof(
  fc
    .tuple(
      number,
      common,
      value,
      fc.constantFrom("[domain-name:value = '?']", '[broken', "[domain-name:value = '?' AND file:size = 1]"),
    )
    .map(([n, fields, domain, pattern]) =>
      object('indicator', n, { ...fields, pattern: pattern.replace('?', domain), created_by_ref: uuid('identity', 1) }),
    ),
  fc.tuple(number, common, number, number).map(([n, fields, from, to]) =>
    object('relationship', n, {
      ...fields,
      relationship_type: 'indicates',
      source_ref: uuid('indicator', from),
      target_ref: uuid(to === 1 ? 'attack-pattern' : 'malware', to),
    }),
  ),
  fc
    .tuple(number, common, fc.string({ unit: 'binary', maxLength: 3 }))
    .map(([n, fields, name]) => object(n === 1 ? 'attack-pattern' : 'malware', n, { ...fields, name: `m${name}` })),
  fc
    .tuple(number, common, time, number)
    .map(([n, fields, last_seen, of]) =>
      object('sighting', n, { ...fields, last_seen, sighting_of_ref: uuid('indicator', of) }),
    ),
  fc.tuple(number, value).map(([n, domain]) => object('domain-name', n, { value: domain })),
  fc.tuple(number, common, time, value).map(([n, fields, last_observed, domain]) =>
    object('observed-data', n, {
      ...fields,
      last_observed,
      object_refs: [uuid('domain-name', n)],
      objects: { '0': { type: 'domain-name', value: domain } },
    }),
  ),
  fc.constantFrom(
    object('identity', 1, { name: 'Example Desk' }),
    object('marking-definition', 1, { name: 'TLP:AMBER' }),
    object('report', 1),
  ),
);
const objects = fc.array(special, { maxLength: 14 });

function bundle(list: readonly StixObject[]): string {
  return JSON.stringify({ type: 'bundle', objects: list });
}

describe('STIX 2 records', () => {
  it('do not depend on the order of the objects', async () => {
    await fc.assert(
      fc.asyncProperty(
        objects.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        async ([list, shuffled]) => {
          const a = await readText(bundle(list));
          const b = await readText(bundle(shuffled));
          assert.deepEqual(sorted(b.records), sorted(a.records));
          assert.equal(b.report.skipped, a.report.skipped);
          assert.deepEqual(b.report.notes.length, a.report.notes.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('depend neither on the borders of chunks nor on the memory that is allowed', async () => {
    await fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 200 }), async (list, size) => {
        const whole = await readText(bundle(list), {}, 1_000_000);
        const cut = await readText(bundle(list), { maxMemory: 0 }, size);
        assert.deepEqual(sorted(cut.records), sorted(whole.records));
        assert.deepEqual(cut.report, whole.report);
      }),
      { numRuns: 12 },
    );
  });
});

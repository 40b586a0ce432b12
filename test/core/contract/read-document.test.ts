import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../alerting/policy.ts';
import { readDocument } from '../../../core/contract/read-document.ts';
import { UNSIGNED_HEADER } from '../../../core/contract/topics.ts';
import { sampleDocument } from '../../store/sample-document.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');
const policy = { threshold: 80, repeatAfter: 1 };

function read(value: unknown, headers = {}): ReturnType<typeof readDocument> {
  return readDocument({ value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), headers });
}

test('a document is read', () => {
  const document = sampleDocument();
  assert.deepEqual(read(document), { kind: 'document', document });
});

test('a document of another version is told from garbage', () => {
  const { tipline, ...rest } = sampleDocument();
  assert.equal(read({ ...rest, tipline: { ...tipline, schema: 2 } }).kind, 'unknown-schema');
});

for (const [name, change] of [
  ['no tipline part', { tipline: undefined }],
  ['a foreign id', { tipline: { ...sampleDocument().tipline, id: '../../../etc/passwd' } }],
  ['the id of another indicator', { tipline: { ...sampleDocument().tipline, id: 'a'.repeat(40) } }],
  ['a value that is not that of its id', { tipline: { ...sampleDocument().tipline, value: '8.8.8.8' } }],
  ['an unknown type', { tipline: { ...sampleDocument().tipline, type: 'toaster' } }],
  ['a text as revision', { tipline: { ...sampleDocument().tipline, revision: '1' } }],
  ['claims that are none', { tipline: { ...sampleDocument().tipline, claims: [null] } }],
  ['no threat part', { threat: null }],
] as const) {
  test(`${name} is refused with a reason`, () => {
    const result = read({ ...sampleDocument(), ...change });
    assert.equal(result.kind, 'refused');
    assert.match(result.kind === 'refused' ? result.message : '', /^the record on ioc\.enriched [a-z]/);
  });
}

test('a document that nobody of ours signed is refused where documents are signed', () => {
  assert.equal(read(sampleDocument(), { [UNSIGNED_HEADER]: '1' }).kind, 'refused');
});

/** Replaces one value somewhere in a document. */
function spoil(document: unknown, path: readonly number[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof document !== 'object' || document === null) return value;
  const keys = Object.keys(document);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return value;
  const copy: object = Array.isArray(document) ? [...document] : { ...document };
  Reflect.set(copy, key, spoil(Reflect.get(copy, key), rest, value));
  return copy;
}

test('whatever the topic holds, what is read can be decided', () => {
  let decided = 0;
  const change = fc.tuple(fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }), fc.jsonValue());
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const document = changes.reduce<unknown>((so, [path, value]) => spoil(so, path, value), sampleDocument());
      const result = read(document);
      if (result.kind !== 'document') return;
      decide(result.document, undefined, policy, NOW);
      decided += 1;
    }),
    { numRuns: 2000 },
  );
  assert.ok(decided > 500, `only ${decided} spoilt documents were readable: the test tries nothing`);
});

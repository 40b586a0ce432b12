import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Fields } from '../../../store/elasticsearch/templates/fields.ts';
import { missingFields } from '../../../store/elasticsearch/templates/missing-fields.ts';

const leaf = fc.constantFrom({ type: 'keyword' } as const, { type: 'date' } as const);
const { fields: anyFields } = fc.letrec<{ fields: Fields; field: Fields[string] }>((tie) => ({
  field: fc.oneof({ maxDepth: 3 }, leaf, fc.record({ properties: tie('fields') })),
  fields: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('field'), { maxKeys: 3, noNullPrototype: true }),
}));

describe('fields that an index lacks', () => {
  it('are none when it has them, and all when it is empty', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        assert.deepEqual(missingFields(fields, fields), {});
        assert.deepEqual(missingFields(fields, {}), fields);
      }),
    );
  });

  it('leave alone what is there, with another type too', () => {
    const wanted: Fields = {
      a: { type: 'wildcard' },
      o: { properties: { x: { type: 'keyword' }, y: { type: 'date' } } },
      n: { type: 'ip' },
    };
    const present: Fields = { a: { type: 'keyword' }, o: { properties: { x: { type: 'keyword' } } } };
    assert.deepEqual(missingFields(wanted, present), { o: { properties: { y: { type: 'date' } } }, n: { type: 'ip' } });
  });
});

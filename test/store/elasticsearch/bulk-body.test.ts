import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createBulkBody, isOneLine } from '../../../store/elasticsearch/bulk-body.ts';

describe('bulk body', () => {
  it('is the lines that were added, whatever its size was, also when used again', () => {
    const lines = fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ maxLength: 300 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        fc.array(lines, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        (uses, capacity) => {
          const body = createBulkBody(capacity);
          for (const use of uses) {
            body.clear();
            for (const [action, document] of use) body.add(action, Buffer.from(document));
            assert.equal(body.bytes().toString(), use.map(([action, document]) => `${action}\n${document}\n`).join(''));
          }
        },
      ),
    );
  });

  it('knows a document that would end early', () => {
    assert.ok(isOneLine(Buffer.from(JSON.stringify({ text: 'a\nb\r\u2028' }))));
    assert.ok(!isOneLine(Buffer.from('{"a":1}\n{}')));
  });
});

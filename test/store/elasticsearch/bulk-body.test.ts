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
            const expected = use.map(([action, document]) => `${action}\n${document}\n`).join('');
            assert.equal(body.bytes().toString(), expected);
            body.clear();
            for (const [action, document] of use) body.add(action, document);
            assert.equal(body.bytes().toString(), expected);
          }
        },
      ),
    );
  });

  it('has of a string the bytes that its Buffer has, lone surrogates and megabytes too', () => {
    const texts = ['', 'plain', 'grüße', 'злой 🦊', '\ud800', 'a\udc00b\ud83e', 'x'.repeat(1_000_000)];
    texts.push(`${'ж'.repeat(500_000)}\ud800`, '\udbff'.repeat(400_000));
    for (const text of texts) {
      const body = createBulkBody(64);
      body.add('{}', text);
      body.add('{}', 'next');
      const expected = Buffer.concat([Buffer.from('{}\n'), Buffer.from(text), Buffer.from('\n{}\nnext\n')]);
      assert.ok(body.bytes().equals(expected), text.slice(0, 10));
    }
  });

  it('knows a document that would end early', () => {
    assert.ok(isOneLine(Buffer.from(JSON.stringify({ text: 'a\nb\r\u2028' }))));
    assert.ok(!isOneLine(Buffer.from('{"a":1}\n{}')));
    assert.ok(isOneLine(JSON.stringify({ text: 'a\nb\r\u2028\u010a' })));
    assert.ok(!isOneLine('{"a":1}\n{}'));
    assert.ok(!isOneLine('{"ж":1}\n'));
  });
});

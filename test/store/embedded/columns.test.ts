import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { columnsOf } from '../../../store/embedded/columns.ts';
import { sampleDocument } from '../sample-document.ts';

describe('columnsOf', () => {
  it('reads what look-ups need', () => {
    const document = sampleDocument({
      type: 'cidr',
      value: '192.0.2.0/24',
      score: 55,
      composite: true,
      sources: ['a', 'b'],
      changedAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-01-02T00:00:00.000Z',
      recheckAt: '2026-01-03T00:00:00.000Z',
    });
    assert.deepEqual(columnsOf(document.tipline.id, JSON.stringify(document)), {
      type: 'cidr',
      status: 'active',
      score: 55,
      composite: 1,
      changedAt: Date.parse('2026-01-01'),
      expiresAt: Date.parse('2026-01-02'),
      recheckAt: Date.parse('2026-01-03'),
      rangeFirst: Uint8Array.of(4, 192, 0, 2, 0),
      rangeLast: Uint8Array.of(4, 192, 0, 2, 255),
      host: null,
      sources: '["a","b"]',
    });
  });

  it('says what makes a document unfit', () => {
    const document = sampleDocument();
    const { id } = document.tipline;
    const withPart = (part: object): string =>
      JSON.stringify({ ...document, tipline: { ...document.tipline, ...part } });
    const unfit: [string, RegExp][] = [
      ['{', /no JSON/],
      ['null', /tipline.id/],
      ['{}', /tipline.id/],
      [withPart({ id: 'other' }), /tipline.id/],
      [withPart({ expires_at: 'soon' }), /expires_at/],
      [withPart({ recheck_at: 'soon' }), /recheck_at/],
      [withPart({ threat_score: 1.5 }), /threat_score/],
      [withPart({ status: null }), /status/],
      [withPart({ value: 7 }), /value/],
      [JSON.stringify({ ...document, '@timestamp': undefined }), /@timestamp/],
    ];
    for (const [text, reason] of unfit) {
      const columns = columnsOf(id, text);
      assert.ok('unfit' in columns, text);
      assert.match(columns.unfit, reason);
    }
  });
});

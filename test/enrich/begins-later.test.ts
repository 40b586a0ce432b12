import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLive } from '../../core/contract/enriched-document.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import { DAY, NOW, openEnriching } from '../core/contract/enriching.ts';
import { faults } from '../core/contract/schemas.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const value = '203.0.114.7';
const id = indicatorId({ type: 'ip', value });
const said = { indicator: value, type: 'ip', source: 'a', confidence: 95, severity: 95, timestamp: iso(NOW) };
const recheck = { recheck: id };

describe('a statement that begins later', () => {
  it('is not active before, is derived again at its time, and is active then', () => {
    const enriching = openEnriching();
    const begins = NOW + 5 * DAY;
    const [before] = enriching.take([{ ...said, valid_from: iso(begins) }]).current;
    assert.ok(before !== undefined);
    assert.deepEqual(faults('enriched-document', before), []);
    assert.equal(before.tipline.status, 'expired');
    assert.equal(before.tipline.threat_score, 0);
    assert.equal(before.tipline.recheck_at, iso(begins));
    assert.equal(isLive(before.tipline.claims[0] ?? assert.fail(), NOW), false);

    assert.deepEqual(enriching.take([recheck], begins - 1).current, []);
    const [after] = enriching.take([recheck], begins).current;
    assert.ok(after !== undefined);
    assert.equal(after.tipline.status, 'active');
    assert.equal(after.tipline.threat_score, 95);
    assert.equal(after.tipline.revision, 2);
    assert.equal(isLive(after.tipline.claims[0] ?? assert.fail(), begins), true);
    // an address lives 14 days, from its beginning
    assert.equal(after.tipline.expires_at, iso(begins + 14 * DAY));
  });

  it('is awaited also while another is live, and after another was revoked', () => {
    const enriching = openEnriching();
    const begins = NOW + DAY;
    const later = { ...said, source: 'b', confidence: 100, severity: 100, valid_from: iso(begins) };
    const [both] = enriching.take([said, later]).current.slice(-1);
    assert.equal(both?.tipline.threat_score, 95);
    assert.deepEqual(both?.tipline.sources, ['a']);
    assert.equal(both?.tipline.recheck_at, iso(begins));
    const [revoked] = enriching.take([{ ...said, timestamp: iso(NOW + 1), revoked: true }]).current;
    assert.equal(revoked?.tipline.status, 'revoked');
    assert.equal(revoked?.tipline.recheck_at, iso(begins));
    const [begun] = enriching.take([recheck], begins).current;
    assert.equal(begun?.tipline.status, 'active');
    assert.equal(begun?.tipline.threat_score, 100);
  });

  it('never begins when it ends before, or was revoked; and the year 9999 is not waited for', () => {
    for (const more of [
      { valid_from: iso(NOW + 2 * DAY), valid_until: iso(NOW + DAY) },
      { valid_from: iso(NOW + 2 * DAY), revoked: true },
      { valid_from: '9999-01-01T00:00:00Z' },
      { valid_from: '9999-01-01T00:00:00Z', valid_until: '9999-12-31T00:00:00Z' },
    ]) {
      const [document] = openEnriching().take([{ ...said, ...more }]).current;
      assert.notEqual(document?.tipline.status, 'active');
      assert.equal(document?.tipline.recheck_at, undefined, JSON.stringify(more));
      assert.ok(Date.parse(document?.tipline.expires_at ?? '') < NOW + 5 * 365 * DAY);
    }
  });

  it('is live at once when it began before it was said, and keeps no word of that', () => {
    const [document] = openEnriching().take([{ ...said, valid_from: iso(NOW - DAY) }]).current;
    assert.equal(document?.tipline.status, 'active');
    assert.equal(document?.tipline.claims[0]?.valid_from, undefined);
  });

  it('begins at once when its source brings that forward', () => {
    const enriching = openEnriching();
    enriching.take([{ ...said, valid_from: iso(NOW + 5 * DAY) }]);
    const [document] = enriching.take([{ ...said, timestamp: iso(NOW + 1), valid_from: iso(NOW) }], NOW + 1).current;
    assert.equal(document?.tipline.status, 'active');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coveredBy } from '../../../store/elasticsearch/covered.ts';

describe('the query for what an allow-list entry covers', () => {
  it('gives the bounds of a block', () => {
    assert.match(
      JSON.stringify(coveredBy({ type: 'cidr', value: '10.1.0.0/16' })),
      /"gte":"10.1.0.0","lte":"10.1.255.255","relation":"intersects"/,
    );
    assert.match(
      JSON.stringify(coveredBy({ type: 'ip', value: '2001:db8::1' })),
      /"gte":"2001:db8::1","lte":"2001:db8::1"/,
    );
  });

  it('keeps to the family of the address', () => {
    assert.match(JSON.stringify(coveredBy({ type: 'cidr', value: '::/0' })), /"threat.indicator.type":"ipv6-addr"/);
    assert.match(JSON.stringify(coveredBy({ type: 'ip', value: '192.0.2.1' })), /"threat.indicator.type":"ipv4-addr"/);
  });

  it('matches nothing for text that is no block, rather than everything', () => {
    assert.deepEqual(coveredBy({ type: 'cidr', value: '0.0.0.0/x' }), { match_none: {} });
  });

  it('has no pattern in it that the entry brought', () => {
    assert.match(
      JSON.stringify(coveredBy({ type: 'domain', value: 'a*b?c\\d' })),
      /"value":"\*\.a\\\\\*b\\\\\?c\\\\\\\\d"/,
    );
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { type Lab, openLab } from './embedded-lab.ts';

const ADDRESS = '45.155.204.20';
const VETTED = { feed: 'vetted' };
const PUSH = { feed: 'push', outside: '1' };
const vetted = { indicator: ADDRESS, source: 'vetted', confidence: 95, severity: 90, tags: ['malicious'] };
const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

function claimOf(document: EnrichedDocument | undefined, feed: string) {
  return document?.tipline.claims.find((claim) => claim.feed === feed);
}

describe('who may say what', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
    await lab.start();
  });
  afterEach(() => lab.close());

  it('a flood of an outsider neither erases nor revokes what a vetted feed said, and its fresh reports still count', async () => {
    await lab.sayAs(VETTED, { ...vetted, timestamp: inHours(-48), last_seen: inHours(-48) });
    const flood = Array.from({ length: 64 }, (_, n) => ({
      indicator: ADDRESS,
      source: `push/s${n}`,
      confidence: 0,
      revoked: true,
      timestamp: inHours(23),
    }));
    await lab.sayAs(PUSH, ...flood);
    const attacked = await lab.current(ADDRESS);
    assert.equal(attacked?.tipline.status, 'active');
    assert.equal(attacked.tipline.threat_score, 93);
    assert.equal(claimOf(attacked, 'vetted')?.revoked, undefined);
    for (const claim of attacked.tipline.claims) assert.ok(Date.parse(claim.timestamp) <= Date.now());

    await lab.sayAs(VETTED, vetted);
    const seen = claimOf(await lab.current(ADDRESS), 'vetted')?.last_seen ?? '';
    assert.ok(Date.now() - Date.parse(seen) < 60_000, seen);
  });

  it('who writes to the topic in the name of a source speaks for nobody', async () => {
    await lab.sayAs(VETTED, vetted);
    await lab.sayAs({}, { ...vetted, revoked: true }, { ...vetted, source: 'abuseipdb', confidence: 100 });
    const current = await lab.current(ADDRESS);
    assert.equal(current?.tipline.status, 'active');
    assert.deepEqual(current.tipline.claims.map(({ feed, outside = false }) => [feed, outside]).sort(), [
      ['external', true],
      ['external', true],
      ['vetted', false],
    ]);
    assert.equal(claimOf(current, 'vetted')?.confidence, 95);
  });

  it('an outsider that says more is named in why', async () => {
    await lab.sayAs(VETTED, { ...vetted, confidence: 10 });
    await lab.sayAs(PUSH, { ...vetted, source: 'push/x', confidence: 100, severity: 100 });
    const why = (await lab.current(ADDRESS))?.tipline.why;
    assert.deepEqual([why?.feed, why?.outside, why?.score], ['push', true, 100]);
  });

  it('an outsider moves none of the times that are shown where a vetted feed says it too, whoever speaks first', async () => {
    const own = {
      first_seen: inHours(-50),
      last_seen: inHours(-49),
      timestamp: inHours(-48),
      valid_until: inHours(48),
    };
    const lie = {
      first_seen: '2001-01-01',
      last_seen: inHours(-1),
      timestamp: inHours(-1),
      valid_until: inHours(9000),
    };
    const outsider = { ...vetted, ...lie, source: 'push/x', confidence: 100 };
    const shown = async () => {
      const { threat, tipline } = (await lab.current(ADDRESS)) ?? assert.fail();
      const { first_seen, last_seen } = threat.indicator;
      return { first_seen, last_seen, valid_until: tipline.expires_at };
    };
    const { timestamp: _, ...times } = own;

    await lab.sayAs(PUSH, outsider);
    assert.equal((await shown()).first_seen, '2001-01-01T00:00:00.000Z', 'alone it is shown as it is told');
    await lab.sayAs(VETTED, { ...vetted, ...own });
    assert.deepEqual(await shown(), times);
    await lab.sayAs(PUSH, { ...outsider, first_seen: '2000-01-01', confidence: 99 });
    assert.deepEqual(await shown(), times);
    const revision = (await lab.current(ADDRESS))?.tipline.revision;
    await lab.sayAs(PUSH, { ...outsider, first_seen: '1999-01-01', confidence: 99 });
    assert.equal((await lab.current(ADDRESS))?.tipline.revision, revision, 'and changes nothing by it');

    await lab.sayAs(VETTED, { ...vetted, ...own, timestamp: inHours(-2), revoked: true });
    assert.equal((await shown()).last_seen, outsider.last_seen, 'what ours took back says nothing of now');
  });

  it('a TLP and tags of an outsider take nothing from what a vetted feed allows', async () => {
    await lab.sayAs(VETTED, { ...vetted, tlp: 'CLEAR' });
    const tags = Array.from({ length: 32 }, (_, n) => `a${n}`);
    await lab.sayAs(
      PUSH,
      { ...vetted, source: 'push/a', tlp: 'RED', tags },
      { ...vetted, source: 'push/b', tags: tags.map((tag) => `${tag}b`) },
    );
    const current = await lab.current(ADDRESS);
    assert.equal(current?.threat.indicator.marking?.tlp, 'CLEAR');
    assert.ok(current.tags?.includes('malicious'));
  });

  it('when the vetted claim has run out, an outsider cannot make a withdrawal of it', async () => {
    await lab.sayAs(VETTED, { ...vetted, timestamp: inHours(-96), valid_until: inHours(-72) });
    await lab.sayAs(PUSH, { ...vetted, source: 'push/x', revoked: true });
    assert.equal((await lab.current(ADDRESS))?.tipline.status, 'expired');
  });

  it('a source that withdraws and lists again within one batch is listed', async () => {
    await lab.sayAs(VETTED, vetted);
    await lab.sayAs(VETTED, { ...vetted, revoked: true }, vetted);
    assert.equal((await lab.current(ADDRESS))?.tipline.status, 'active');
  });

  it('of statements without a time from one reading the last one counts', async () => {
    const collected_at = new Date().toISOString();
    const each = Array.from({ length: 50 }, (_, n) => `45.155.204.${n}`);
    await lab.sayAs(
      VETTED,
      ...each.flatMap((indicator) => [
        { ...vetted, indicator, collected_at, revoked: true },
        { ...vetted, indicator, collected_at, confidence: 20 },
        { ...vetted, indicator, collected_at, confidence: 90 },
      ]),
    );
    for (const indicator of each) {
      const current = await lab.current(indicator);
      assert.deepEqual([current?.tipline.status, current?.tipline.confidence], ['active', 90]);
      assert.equal(current?.tipline.claims[0]?.undated, true);
    }
  });
});

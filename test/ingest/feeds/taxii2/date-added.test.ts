import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  dateAdded,
  earlierBy,
  isAfter,
  latestOf,
  settledAt,
  stepBack,
} from '../../../../ingest/feeds/taxii2/date-added.ts';

/** A time with up to nine digits behind the second, in UTC or with an offset. */
const times = fc
  .record({
    seconds: fc.integer({ min: 1_600_000_000, max: 2_000_000_000 }),
    digits: fc.stringMatching(/^\d{0,9}$/),
    zone: fc.constantFrom('Z', '+00:00', '+05:30', '-0800'),
  })
  .map(({ seconds, digits, zone }) => {
    const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
    return `${whole}${digits === '' ? '' : `.${digits}`}${zone}`;
  });

describe('dates of objects', () => {
  it('are told from what is none', () => {
    assert.equal(dateAdded(' 2026-01-02T03:04:05.123456Z '), '2026-01-02T03:04:05.123456Z');
    for (const none of [
      undefined,
      5,
      '',
      '2026-01-02',
      '2026-13-02T03:04:05Z',
      '2026-01-02T03:04:05',
      'x'.repeat(99),
    ]) {
      assert.equal(dateAdded(none), undefined, String(none));
    }
  });

  it('one step back is before, and nothing that is written as exactly lies between', () => {
    fc.assert(
      fc.property(times, (time) => {
        const before = stepBack(time);
        assert.ok(isAfter(time, before), `${before} < ${time}`);
        assert.equal(dateAdded(before), before);
        const digits = /\.(\d+)/.exec(time)?.[1] ?? '';
        assert.equal((/\.(\d+)/.exec(before)?.[1] ?? '').length, digits.length);
        const step = 10 ** -digits.length;
        const [a, b] = [time, before].map(
          (each) => Date.parse(each.replace(/\.\d+/, '')) / 1000 + Number(`0${/\.\d+/.exec(each)?.[0] ?? ''}`),
        );
        assert.ok(Math.abs((a ?? 0) - (b ?? 0) - step) < step / 2 + 1e-6);
      }),
    );
    assert.equal(stepBack('2026-01-01T00:00:00.000000Z'), '2025-12-31T23:59:59.999999Z');
    assert.equal(stepBack('2026-01-01T00:00:00Z'), '2025-12-31T23:59:59Z');
  });

  it('are ordered to the last digit, whatever their zone', () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        assert.ok(!(isAfter(a, b) && isAfter(b, a)));
        const latest = latestOf(a, b);
        assert.ok(latest === a || latest === b);
        assert.ok(!isAfter(a, latest) && !isAfter(b, latest));
      }),
    );
    assert.ok(isAfter('2026-01-02T03:04:05.1234567Z', '2026-01-02T03:04:05.123456Z'));
    assert.ok(!isAfter('2026-01-02T03:04:05.120Z', '2026-01-02T03:04:05.12Z'));
    assert.ok(isAfter('2026-01-02T03:04:05-01:00', '2026-01-02T03:04:05Z'));
    assert.ok(isAfter('2026-01-02T03:04:05Z', undefined));
  });

  it('that have just passed are asked for again, and others echoed as they are', () => {
    const old = '2026-01-02T03:04:05.5Z';
    const now = 'Fri, 02 Jan 2026 04:00:00 GMT';
    assert.equal(settledAt(old, undefined, now, 0), old);
    const fresh = '2026-01-02T03:59:59.5Z';
    assert.equal(settledAt(fresh, undefined, now, 0), '2026-01-02T03:58:59.000Z');
    assert.equal(settledAt(fresh, '2026-01-02T03:59:30Z', now, 0), '2026-01-02T03:59:30Z');
    assert.equal(settledAt(fresh, undefined, undefined, Date.parse(now)), '2026-01-02T03:58:59.000Z');
    assert.equal(settledAt('2036-01-02T03:59:59.5Z', undefined, now, 0), '2036-01-02T03:59:59.5Z');
    assert.equal(earlierBy(old, 0), old);
  });
});

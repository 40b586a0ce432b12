import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scoreOf, weightsOf } from '../../../enrich/state/score.ts';

describe('scoreOf', () => {
  it('is exact over all 10,201 pairs', () => {
    const weights = weightsOf({ confidence: 0.7, severity: 0.3 });
    let inDoublesTooLow = 0;
    for (let confidence = 0; confidence <= 100; confidence += 1) {
      for (let severity = 0; severity <= 100; severity += 1) {
        const exact = Number((BigInt(confidence) * 7n + BigInt(severity) * 3n) / 10n);
        assert.equal(scoreOf(confidence, severity, weights), exact, `confidence ${confidence}, severity ${severity}`);
        if (Math.trunc(0.7 * confidence + 0.3 * severity) < exact) inDoublesTooLow += 1;
      }
    }
    assert.equal(inDoublesTooLow, 177, 'the trap that integers avoid');
  });

  it('takes other weights', () => {
    assert.equal(scoreOf(100, 0, weightsOf({ confidence: 0.333, severity: 0.667 })), 33);
    assert.equal(scoreOf(100, 100, weightsOf({ confidence: 0.333, severity: 0.667 })), 100);
  });
});

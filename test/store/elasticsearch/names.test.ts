import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNames } from '../../../store/elasticsearch/names.ts';

describe('names', () => {
  const plain = createNames('');

  it('are what other systems know', () => {
    assert.equal(plain.historyDay('2026-11-24'), 'threat_intel-2026.11.24');
    assert.equal(plain.current, 'threat_intel_current');
    assert.equal(plain.currentIndex, 'threat_intel_current-000001');
    assert.equal(plain.securityAlias, 'logs-ti_tipline_latest.indicator');
    assert.equal(plain.journalDay('actions', '2026-11-24'), 'threat_actions-2026.11.24');
    assert.equal(plain.journalDay('deadletters', '2026-11-24'), 'threat_deadletters-2026.11.24');
    assert.equal(plain.outbox, 'tipline_outbox');
    assert.equal(plain.cursors, 'tipline_cursors');
  });

  it('all begin with the prefix', () => {
    const names = createNames('lab_');
    const { historyDay, journalDay, journalPattern, template } = names;
    const made = [
      ...[names.historyPattern, names.current, names.currentPattern, names.currentIndex, names.securityAlias],
      ...[names.allHistory, names.outbox, names.cursors],
      historyDay('2026-01-02'),
      journalDay('actions', '2026-01-02'),
      journalPattern('actions'),
      template('x'),
    ];
    names.standBeside();
    made.push(...names.historyPatterns, names.historyDay('2026-01-02'));
    for (const name of made) assert.match(name, /^lab_/);
  });

  it('tell a day of ours from everything else that the pattern matches', () => {
    const { historyPattern, dayOf } = plain;
    assert.equal(dayOf(historyPattern, 'threat_intel-2026.11.24'), '2026-11-24');
    for (const other of [
      'threat_intel-2026.11',
      'threat_intel-2026.11.24-old',
      'threat_intel-',
      'x-2026.11.24',
      'threat_intel_current-000001',
    ]) {
      assert.equal(dayOf(historyPattern, other), undefined, other);
    }
  });
});

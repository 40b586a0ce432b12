import { rowId } from '../../alerting/policy.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import type { AlertRow, OutboxRow } from '../../store/port.ts';

export function sampleAlert(alert: Partial<AlertRow> = {}): AlertRow {
  const { type = 'ip', value = '203.0.113.7' } = alert;
  return {
    id: indicatorId({ type, value }),
    type,
    value,
    threat_score: 92,
    confidence: 95,
    severity: 85,
    sources: ['abuseipdb'],
    tags: ['malicious'],
    why: '0.7 × confidence 95 + 0.3 × severity 85 = 92',
    country: 'Netherlands (NL)',
    as: 'AS64500 Example Net',
    first_seen: '2026-05-01T08:00:00.000Z',
    last_seen: '2026-05-10T11:00:00.000Z',
    expires_at: '2026-05-24T11:00:00.000Z',
    again: false,
    ...alert,
  };
}

/** A row that waits for a mail. */
export function pendingRow(alert: Partial<AlertRow> = {}): OutboxRow {
  const shown = sampleAlert(alert);
  return {
    id: rowId(shown.id),
    policy: 'threshold',
    revision: 1,
    born: 'ioc.raw-0-1',
    open: true,
    state: 'pending',
    alertedAt: 0,
    mail: null,
    alert: shown,
  };
}

/** Different addresses, the later the number the lower the score. */
export function pendingRows(count: number, from = 0): OutboxRow[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const value = `198.${18 + Math.floor(number / 65536)}.${Math.floor(number / 256) % 256}.${number % 256}`;
    return pendingRow({ value, threat_score: 100 - (number % 20) });
  });
}

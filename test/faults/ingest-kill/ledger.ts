import assert from 'node:assert/strict';
import type { Bus } from '../../../bus/port.ts';
import { TOPICS } from '../../../core/contract/topics.ts';
import { readRecord } from '../../../enrich/steps/read-record.ts';

/** What `ioc.raw` holds of one source. */
export interface Account {
  records: number;
  /** Each value, and whether the last that was said of it takes it back. */
  revoked: Map<string, boolean>;
}

const FOR_EVER = { earliest: 0, latest: 8.64e15, headersSince: 0 };

/**
 * Reads `ioc.raw` from its beginning to its end: by source, what it holds. Fails when an offset is missing, and when enrichment could not use
 * a record; and when there are dead letters already.
 */
export async function readLedger(bus: Bus): Promise<Map<string, Account>> {
  const accounts = new Map<string, Account>();
  const next = new Map<number, number>();
  for await (const record of bus.scan(TOPICS.raw)) {
    const { partition, offset } = record;
    assert.equal(offset, next.get(partition) ?? 0, `the next offset of partition ${partition}`);
    next.set(partition, offset + 1);
    const outcome = readRecord(record, `${partition}-${offset}`, FOR_EVER);
    if (outcome.kind !== 'report') assert.fail(`not to be used: ${JSON.stringify(outcome).slice(0, 500)}`);
    const { indicator, source, revoked } = JSON.parse(record.value.toString()) as Record<string, unknown>;
    const account = accounts.get(String(source)) ?? { records: 0, revoked: new Map<string, boolean>() };
    accounts.set(String(source), account);
    account.records += 1;
    account.revoked.set(String(indicator), revoked === true);
  }
  for await (const { value } of bus.scan(TOPICS.deadLetters)) assert.fail(`dead letter: ${value.toString()}`);
  return accounts;
}

/** Fails with some of what one of them has and the other has not. */
export function assertSame(actual: Iterable<string>, expected: Iterable<string>, what: string): void {
  const [has, wants] = [new Set(actual), new Set(expected)];
  const missing = [...wants].filter((value) => !has.has(value));
  const invented = [...has].filter((value) => !wants.has(value));
  const few = (values: string[]): string =>
    values.length === 0 ? 'none' : `${values.length}, such as ${values.slice(0, 5).join(' ')}`;
  assert.ok(missing.length + invented.length === 0, `${what}: missing ${few(missing)}; invented ${few(invented)}`);
}

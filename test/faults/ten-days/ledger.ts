import type { Bus, Outgoing } from '../../../bus/port.ts';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';

/** What one feed told of one indicator, as it stands now. */
interface Entry {
  /** Epoch ms; undefined: the record says nothing of it. */
  validUntil: number | undefined;
  revoked: boolean;
}

export interface Account {
  records: number;
  /** By the key of the record, which is the indicator's id. */
  readonly entries: Map<string, Entry>;
  /** Records about an indicator whose `valid_until` had passed before they came. */
  lapsed: number;
  /** When the last record came, epoch ms. */
  lastAt: number;
}

/** A bus that keeps no records, but what they come to: its memory grows with the indicators and not with the days. */
export interface Ledger {
  readonly bus: Bus;
  of(feed: string): Account;
}

/** A part of a text keeps all of it in memory. */
function owned(part: string): string {
  return Buffer.from(part).toString();
}

export function createLedger(now: () => number): Ledger {
  const accounts = new Map<string, Account>();

  function of(feed: string): Account {
    const known = accounts.get(feed);
    if (known !== undefined) return known;
    const account: Account = { records: 0, entries: new Map(), lapsed: 0, lastAt: 0 };
    accounts.set(feed, account);
    return account;
  }

  function book({ key, value }: Outgoing): void {
    const { source, valid_until, revoked } = JSON.parse(value.toString()) as RawIndicator;
    const account = of(source ?? '');
    const at = now();
    const before = account.entries.get(key);
    if (before?.validUntil !== undefined && before.validUntil <= at) account.lapsed += 1;
    const validUntil = valid_until === undefined ? undefined : Date.parse(valid_until);
    account.entries.set(before === undefined ? owned(key) : key, { validUntil, revoked: revoked === true });
    account.records += 1;
    account.lastAt = at;
  }

  const unused = (): never => {
    throw new Error('ingest only publishes');
  };
  return {
    of,
    bus: {
      description: 'ledger',
      async publish(_topic, batch) {
        for (const record of batch) book(record);
      },
      consume: unused,
      lag: unused,
      leftBehind: unused,
      servers: unused,
      scan: unused,
      createTopics: unused,
      missingTopics: unused,
      check: async () => {},
      close: async () => {},
    },
  };
}

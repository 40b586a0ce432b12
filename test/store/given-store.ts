import { randomBytes, randomInt } from 'node:crypto';
import { after, before } from 'node:test';
import type { BatchPatience } from '../../bus/port.ts';
import type { IndicatorWrite, Store, WriteOutcome } from '../../store/port.ts';

/** A store that a suite opened; opened again, it sees the same data. */
export interface OpenStore {
  store: Store;
  close(): Promise<void>;
}

export type OpenAStore = () => Promise<OpenStore>;

/** Patience without end: nothing is ever taken away from these tests. */
export const patience: BatchPatience = { heartbeat: async () => {}, signal: new AbortController().signal };

/** Opens a store for the suite it is called in. The function it returns gives it to the tests. */
export function storeOfSuite(open: OpenAStore): () => Store {
  let opened: OpenStore | undefined;
  before(async () => {
    opened = await open();
    await opened.store.setup();
  });
  after(() => opened?.close());
  return () => {
    if (opened === undefined) throw new Error('the store is opened before the tests of the suite');
    return opened.store;
  };
}

/** Writes, and throws unless all is written. */
export async function writeAll(store: Store, writes: readonly IndicatorWrite[]): Promise<void> {
  for (let at = 0; at < writes.length; at += 1_000) {
    const outcomes: WriteOutcome[] = await store.indicators.write(writes.slice(at, at + 1_000), patience);
    const other = outcomes.find(({ kind }) => kind !== 'written');
    if (other !== undefined) throw new Error(`not written: ${JSON.stringify(other)}`);
  }
  await store.indicators.refresh();
}

/** A domain nobody else uses. */
export function freshDomain(): string {
  return `${randomBytes(6).toString('hex')}.example`;
}

/** The first three numbers of an address range of 256 that nobody else is likely to use. */
export function freshNetwork(): string {
  return `${randomInt(11, 120)}.${randomInt(256)}.${randomInt(256)}`;
}

/** The first four groups of an IPv6 network that nobody else uses. */
export function freshNetwork6(): string {
  const group = (): string => randomInt(0x1000, 0x10000).toString(16);
  return `2001:db8:${group()}:${group()}`;
}

import { describe } from 'node:test';
import type { OpenAStore } from './given-store.ts';
import { indicatorContract } from './indicator-contract.ts';
import { journalContract } from './journal-contract.ts';
import { cursorContract, outboxContract } from './outbox-contract.ts';
import { retentionContract } from './retention-contract.ts';
import { searchContract } from './search-contract.ts';

export type { OpenAStore, OpenStore } from './given-store.ts';

/**
 * Registers tests of everything that store/port.ts promises and both adapters can keep. Each suite opens the store anew and finds
 * what the others left: values are fresh, counts are compared with those before.
 */
export function storeContract(name: string, open: OpenAStore): void {
  describe(`store contract: ${name}`, () => {
    indicatorContract(open);
    searchContract(open);
    retentionContract(open);
    outboxContract(open);
    cursorContract(open);
    journalContract(open);
  });
}

import type { FetchedMessage } from '../format/decode.ts';
import { kafkajsModule, type Upstream } from './upstream.ts';

/** Not a repair: kafkajs keeps this to itself, and a scan should leave out the same records as its consumer. */
export const abortedFilter: Upstream = {
  module: 'consumer/filterAbortedMessages.js',
  sha256: '54ce50f2a41ee1686da8b73bf8b502c7dd07c9d7cb0a494cdb36a7fc536ced8e',
};

interface FetchedSet {
  messages: FetchedMessage[];
  /** Producers whose records from an offset on, up to their next mark, were taken back. */
  abortedTransactions: { producerId: string; firstOffset: string }[];
}

/** What kafkajs's consumer does with the records of transactions that were taken back. */
export const withoutAborted = kafkajsModule(abortedFilter.module) as (fetched: FetchedSet) => FetchedMessage[];

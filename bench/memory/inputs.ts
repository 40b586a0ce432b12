import { CSV_SETTINGS } from './reading.ts';

export const INPUTS = ['misp', 'stix2', 'taxii1', 'csv'] as const;
export type Input = (typeof INPUTS)[number];

export interface InputFacts {
  readonly title: string;
  /** The library beneath, for the table. */
  readonly library: string;
  /** The feed as an operator would write it, except that caps on size are raised. */
  feed(url: string): Record<string, unknown>;
}

const MAX_SIZE = '64GB';

export const FACTS: Readonly<Record<Input, InputFacts>> = {
  misp: {
    title: 'MISP event',
    library: '@streamparser/json',
    feed: (url) => ({ type: 'http-list', url, format: 'misp', snapshot: false, max_size: MAX_SIZE }),
  },
  stix2: {
    title: 'STIX 2.1 bundle',
    library: '@streamparser/json',
    feed: (url) => ({ type: 'http-list', url, format: 'stix2', snapshot: false, max_size: MAX_SIZE }),
  },
  taxii1: {
    title: 'TAXII 1.1 poll response',
    library: 'saxes',
    feed: (url) => ({ type: 'taxii1', poll_url: url, collections: ['bench'], since: 'all', max_size: MAX_SIZE }),
  },
  csv: {
    title: 'CSV dump',
    library: 'csv-parse',
    feed: (url) => ({ type: 'http-list', url, format: 'csv', snapshot: false, max_size: MAX_SIZE, ...CSV_SETTINGS }),
  },
};

/** One way in which a record can be unusable, as somebody met it. */
export interface BrokenWay {
  name: string;
  /** The reason that its dead letter must name. */
  code: string;
  /** The record; `n` makes it unique. */
  make(n: number): string | Buffer;
}

function said(n: number, changes: Record<string, unknown>): string {
  return JSON.stringify({
    indicator: `broken-${n}.example`,
    source: 'broken',
    confidence: 90,
    severity: 90,
    tags: ['malicious'],
    ...changes,
  });
}

/**
 * Ten ways from public bug reports: each of them stopped a consumer, cost a whole batch, or vanished without a word. Behind each stands
 * the project with the number of its issue.
 */
export const BROKEN_WAYS: readonly BrokenWay[] = [
  {
    name: 'JSON that ends in the middle', // deephaven/deephaven-core 5967
    code: 'RAW_NOT_JSON',
    make: (n) => said(n, {}).slice(0, -9),
  },
  {
    name: 'bytes that are not UTF-8', // certtools/intelmq 1494
    code: 'RAW_NOT_UTF8',
    make: (n) => Buffer.from(said(n, { description: 'caf\u00e9' }), 'latin1'),
  },
  {
    name: 'an array where an object belongs', // elastic/logstash 3856
    code: 'RAW_NOT_OBJECT',
    make: (n) => `[${said(n, {})}]`,
  },
  {
    name: 'nobody who says so', // certtools/intelmq 1445
    code: 'RAW_SOURCE_MISSING',
    make: (n) => said(n, { source: undefined }),
  },
  {
    name: 'a type that only the sender knows', // OpenCTI-Platform/connectors 70
    code: 'RAW_TYPE_UNKNOWN',
    make: (n) => said(n, { type: 'bank-account' }),
  },
  {
    name: 'a confidence in words', // OpenCTI-Platform/connectors 709
    code: 'RAW_CONFIDENCE_INVALID',
    make: (n) => said(n, { confidence: 'High' }),
  },
  {
    name: 'a time in a zone that has only a name', // elastic/integrations 6546
    code: 'RAW_TIMESTAMP_INVALID',
    make: (n) => said(n, { timestamp: '2026-03-16 12:56:01 IST' }),
  },
  {
    name: 'tags that are objects', // elastic/integrations 4092
    code: 'RAW_TAGS_INVALID',
    make: (n) => said(n, { tags: [{ name: 'malicious', colour: '#ff0000' }] }),
  },
  {
    name: 'an address with leading zeros, or a part too large', // OpenCTI-Platform/opencti 12494
    code: 'INDICATOR_BAD_IP',
    make: (n) => said(n, { indicator: n % 2 === 0 ? '20265.222.45' : '01.1.1.1', type: 'ip', ref: `broken-${n}` }),
  },
  {
    name: 'a record that is far too large', // jcustenborder/kafka-connect-spooldir 119
    code: 'RAW_TOO_LARGE',
    make: (n) => said(n, { context: { blob: 'x'.repeat(300_000) } }),
  },
];

import { randomBytes } from 'node:crypto';
import { startElasticsearch } from './elasticsearch.ts';
import { startKafka } from './kafka.ts';

let kafka: Promise<string[]> | undefined;
let elasticsearch: Promise<string> | undefined;

/**
 * The brokers that tests share: those of TIPLINE_TEST_KAFKA (comma-separated), which the runner sets; a file that
 * is run alone gets a broker of its own, which ends with the process.
 */
export function givenKafka(): Promise<string[]> {
  const given = process.env.TIPLINE_TEST_KAFKA;
  if (given) return Promise.resolve(given.split(','));
  kafka ??= startKafka().then((server) => server.brokers);
  return kafka;
}

/** The Elasticsearch that tests share, as a URL: that of TIPLINE_TEST_ELASTICSEARCH, else one of this process's own. */
export function givenElasticsearch(): Promise<string> {
  const given = process.env.TIPLINE_TEST_ELASTICSEARCH;
  if (given) return Promise.resolve(given);
  elasticsearch ??= startElasticsearch().then((server) => server.url);
  return elasticsearch;
}

/** A name nobody else uses, for a topic, a group or the start of index names: lower case, digits and hyphens. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

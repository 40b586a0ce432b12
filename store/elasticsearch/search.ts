import type { Client, estypes } from '@elastic/elasticsearch';
import { type EnrichedDocument, feedOf } from '../../core/contract/enriched-document.ts';
import { parseIp } from '../../core/indicator/address.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import type { Expiring, SearchQuery, StoreSummary } from '../port.ts';
import { ElasticsearchError } from './error.ts';
import type { Names } from './names.ts';
import { indicesUnder } from './ownership.ts';

export interface SearchContext {
  client: Client;
  names: Names;
}

export const PAGE = 1000;
/** The server's `max_result_window`. */
const MOST_HITS = 10_000;
const USUAL_HITS = 100;

type Query = estypes.QueryDslQueryContainer;

/** One document by the id of its indicator; it is found as soon as it is written. */
export async function getDocument({ client, names }: SearchContext, id: string): Promise<EnrichedDocument | undefined> {
  try {
    const { _source: source } = await client.get<EnrichedDocument>({ index: names.current, id });
    return source;
  } catch (error) {
    // Without an error in the body it is the document that is missing, not the index.
    if (error instanceof ElasticsearchError && error.status === 404 && error.server.type === 'HTTP 404')
      return undefined;
    throw error;
  }
}

/**
 * Only term queries, whose values the server takes as they are: there is no query text that a value could break out of.
 */
export async function searchDocuments(
  { client, names }: SearchContext,
  query: SearchQuery,
): Promise<EnrichedDocument[]> {
  const filter: Query[] = [];
  if (query.value !== undefined) filter.push(byValue(query.value));
  if (query.type !== undefined) filter.push({ term: { 'tipline.type': query.type } });
  if (query.status !== undefined) filter.push({ term: { 'tipline.status': query.status } });
  if (query.source !== undefined) filter.push({ term: { 'tipline.sources': query.source } });
  if (query.minScore !== undefined) filter.push({ range: { 'tipline.threat_score': { gte: query.minScore } } });
  const { hits } = await client.search<EnrichedDocument>({
    index: names.current,
    query: { bool: { filter } },
    sort: [{ 'tipline.threat_score': 'desc' }, { 'tipline.id': 'asc' }],
    size: Math.min(query.limit ?? USUAL_HITS, MOST_HITS),
    track_total_hits: false,
    filter_path: 'hits.hits._source',
  });
  return sourcesOf(hits);
}

function byValue(value: string): Query {
  const exact: Query = { term: { 'tipline.value': value } };
  const address = parseIp(value);
  if (address === undefined) return exact;
  // To the server IPv4 is a part of IPv6, so an IPv6 block could hold it.
  const family = { term: { 'threat.indicator.type': address.length === 4 ? 'ipv4-addr' : 'ipv6-addr' } };
  const holding: Query = { bool: { filter: [{ term: { 'tipline.ip_range': value } }, family] } };
  return { bool: { should: [exact, holding], minimum_should_match: 1 } };
}

/** What a new responder starts from. */
export function activeDocuments(context: SearchContext, minScore: number): AsyncIterable<EnrichedDocument[]> {
  return pagesById(context, {
    bool: {
      filter: [
        { term: { 'tipline.status': 'active' } },
        { term: { 'tipline.composite': false } },
        { range: { 'tipline.threat_score': { gte: minScore } } },
      ],
    },
  });
}

/**
 * Everything that a feed says. Claims are not indexed, so all is read that has one which is live or begins later: those of allowed indicators too,
 * which are not derived again at any moment.
 */
export async function* documentsOf(context: SearchContext, feed: string): AsyncIterable<EnrichedDocument[]> {
  const mayCount: Query = {
    bool: {
      should: [{ terms: { 'tipline.status': ['active', 'allowed'] } }, { exists: { field: 'tipline.recheck_at' } }],
      minimum_should_match: 1,
    },
  };
  for await (const page of pagesById(context, mayCount)) {
    const found = page.filter(({ tipline }) => tipline.claims.some((claim) => feedOf(claim) === feed));
    if (found.length > 0) yield found;
  }
}

/**
 * Pages by id, which neither changes nor repeats: nothing is seen twice or passed over while others write, and the
 * server holds nothing open.
 */
async function* pagesById({ client, names }: SearchContext, query: Query): AsyncIterable<EnrichedDocument[]> {
  let after: string | undefined;
  for (;;) {
    const { hits } = await client.search<EnrichedDocument>({
      index: names.current,
      query,
      sort: [{ 'tipline.id': 'asc' }],
      ...(after === undefined ? {} : { search_after: [after] }),
      size: PAGE,
      track_total_hits: false,
      filter_path: 'hits.hits._source',
    });
    const page = sourcesOf(hits);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < PAGE) return;
    after = last.tipline.id;
  }
}

/** With `filter_path` an empty answer has no `hits` at all. */
function sourcesOf(hits: estypes.SearchHitsMetadata<EnrichedDocument> | undefined): EnrichedDocument[] {
  return (hits?.hits ?? []).flatMap((hit) => (hit._source === undefined ? [] : [hit._source]));
}

export async function findExpiring(
  { client, names }: SearchContext,
  before: number,
  limit: number,
): Promise<Expiring[]> {
  const { hits } = await client.search({
    index: names.current,
    query: { range: { 'tipline.recheck_at': { lte: before, format: 'epoch_millis' } } },
    sort: [{ 'tipline.recheck_at': 'asc' }, { 'tipline.id': 'asc' }],
    size: Math.min(limit, MOST_HITS),
    _source: false,
    track_total_hits: false,
    filter_path: ['hits.hits._id', 'hits.hits.sort'],
  });
  return (hits?.hits ?? []).flatMap(({ _id: id, sort }) =>
    id === undefined ? [] : [{ id, recheckAt: Number(sort?.[0]) }],
  );
}

interface Buckets {
  buckets: { key: string; doc_count: number }[];
}

export async function summarize({ client, names }: SearchContext): Promise<StoreSummary> {
  const [current, history, deadLetters, actions] = await Promise.all([
    client.search<unknown, { types: Buckets; statuses: Buckets }>({
      index: names.current,
      size: 0,
      track_total_hits: true,
      aggs: {
        types: { terms: { field: 'tipline.type', size: 100 } },
        statuses: { terms: { field: 'tipline.status', size: 10 } },
      },
    }),
    countOurs(client, names),
    count(client, names.journalPattern('deadletters')),
    count(client, names.journalPattern('actions')),
  ]);
  const { total } = current.hits;
  return {
    current: typeof total === 'number' ? total : (total?.value ?? 0),
    history,
    byType: tally<IndicatorType>(current.aggregations?.types),
    byStatus: tally(current.aggregations?.statuses),
    deadLetters,
    actions,
  };
}

async function count(client: Client, index: string): Promise<number> {
  const { count: found } = await client.count({ index, allow_no_indices: true, ignore_unavailable: true });
  return found;
}

/** Others may have days under the same pattern; their documents have no id of ours. */
async function countOurs(client: Client, names: Names): Promise<number> {
  const { count: found } = await client.count({
    index: names.historyPatterns.join(','),
    query: { exists: { field: 'tipline.id' } },
    allow_no_indices: true,
    ignore_unavailable: true,
  });
  return found;
}

function tally<Key extends string>(found: Buckets | undefined): Partial<Record<Key, number>> {
  const counts: Partial<Record<string, number>> = {};
  for (const { key, doc_count: documents } of found?.buckets ?? []) counts[key] = documents;
  return counts;
}

/** So many names fit into the first line of a request. */
const NAMES_A_REQUEST = 50;

/** Makes what was written visible to searches, in all our indices, and in none of others. */
export async function refreshAll({ client, names }: SearchContext): Promise<void> {
  const patterns = [...names.historyPatterns, names.journalPattern('actions'), names.journalPattern('deadletters')];
  const days: string[] = [];
  for (const pattern of patterns)
    for (const [index, ours] of await indicesUnder(client, pattern)) if (ours) days.push(index);
  const all = [...new Set([names.current, names.outbox, names.cursors, ...days])];
  for (let at = 0; at < all.length; at += NAMES_A_REQUEST) {
    await client.indices.refresh({
      index: all.slice(at, at + NAMES_A_REQUEST),
      allow_no_indices: true,
      // a closed day
      ignore_unavailable: true,
    });
  }
}

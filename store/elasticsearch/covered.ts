import type { estypes } from '@elastic/elasticsearch';
import { formatIp, ipRange, parsePrefix } from '../../core/indicator/address.ts';
import type { Covering } from '../port.ts';
import { PAGE, type SearchContext } from './search.ts';

type Query = estypes.QueryDslQueryContainer;

/** Ids of the indicators that an allow-list entry covers, in pages. */
export async function* findCovered({ client, names }: SearchContext, entry: Covering): AsyncIterable<string[]> {
  const query = coveredBy(entry);
  let after: string | undefined;
  for (;;) {
    const { hits } = await client.search({
      index: names.current,
      query,
      sort: [{ 'tipline.id': 'asc' }],
      ...(after === undefined ? {} : { search_after: [after] }),
      size: PAGE,
      _source: false,
      track_total_hits: false,
      filter_path: 'hits.hits._id',
    });
    const page = (hits?.hits ?? []).flatMap((hit) => (hit._id === undefined ? [] : [hit._id]));
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < PAGE) return;
    after = last;
  }
}

/** Pure. The id of a document is its `tipline.id`, so pages can go on from the last id. */
export function coveredBy({ type, value }: Covering): Query {
  switch (type) {
    case 'ip':
    case 'cidr':
      return overlapping(value);
    case 'domain':
      return below(value);
    default:
      return { bool: { filter: [{ term: { 'tipline.type': type } }, { term: { 'tipline.value': value } }] } };
  }
}

function overlapping(value: string): Query {
  const prefix = parsePrefix(value);
  if (prefix === undefined) return { match_none: {} };
  const range = ipRange(prefix);
  const bounds = { gte: formatIp(range.first), lte: formatIp(range.last) };
  // To the server IPv4 is a part of IPv6, so `::/0` would cover all of it.
  const family = prefix.bytes.length === 4 ? 'ipv4-addr' : 'ipv6-addr';
  return {
    bool: {
      should: [
        { range: { 'threat.indicator.ip': bounds } },
        { range: { 'tipline.ip_range': { ...bounds, relation: 'intersects' } } },
      ],
      minimum_should_match: 1,
      filter: [{ terms: { 'tipline.type': ['ip', 'cidr'] } }, { term: { 'threat.indicator.type': family } }],
    },
  };
}

/**
 * The domain, what is below it, and the URLs of both. A leading `*` reads all terms of the field: good enough for an
 * edit of the allow list.
 */
function below(domain: string): Query {
  return {
    bool: {
      should: [
        { term: { 'threat.indicator.url.domain': domain } },
        { wildcard: { 'threat.indicator.url.domain': { value: `*.${escapePattern(domain)}` } } },
      ],
      minimum_should_match: 1,
      filter: [{ terms: { 'tipline.type': ['domain', 'url'] } }],
    },
  };
}

/** A wildcard query has three special characters. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&');
}

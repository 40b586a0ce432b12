import type { estypes } from '@elastic/elasticsearch';
import { formatIp, ipRange, type Prefix, parsePrefix, prefixContains } from '../../core/indicator/address.ts';
import type { Covering } from '../port.ts';
import { PAGE, type SearchContext } from './search.ts';

type Query = estypes.QueryDslQueryContainer;

const HOST = 'threat.indicator.url.domain';
const EMAIL = 'threat.indicator.email.address';

/** Ids of the indicators that an allow-list entry covers, in pages. */
export async function* findCovered(context: SearchContext, entry: Covering): AsyncIterable<string[]> {
  if (entry.type !== 'ip' && entry.type !== 'cidr') {
    yield* idPages(context, coveredBy(entry));
    return;
  }
  const prefix = parsePrefix(entry.value);
  if (prefix === undefined) return;
  yield* idPages(context, overlapping(prefix));
  yield* idPages(context, hostsLike(prefix), (host) => isWithin(prefix, host));
}

/**
 * Ids of what the query finds, of those alone whose host is `wanted`. The id of a document is its `tipline.id`, so pages can
 * go on from the last id.
 */
async function* idPages(
  { client, names }: SearchContext,
  query: Query,
  wanted?: (host: string) => boolean,
): AsyncIterable<string[]> {
  let after: string | undefined;
  for (;;) {
    const { hits } = await client.search({
      index: names.current,
      query,
      sort: [{ 'tipline.id': 'asc' }],
      ...(after === undefined ? {} : { search_after: [after] }),
      ...(wanted === undefined ? {} : { docvalue_fields: [HOST] }),
      size: PAGE,
      _source: false,
      track_total_hits: false,
      filter_path: ['hits.hits._id', 'hits.hits.fields'],
    });
    const found = hits?.hits ?? [];
    const page = wanted === undefined ? found : found.filter((hit) => hostsOf(hit).some(wanted));
    const ids = page.flatMap(({ _id: id }) => (id === undefined ? [] : [id]));
    if (ids.length > 0) yield ids;
    after = found.at(-1)?._id;
    if (found.length < PAGE || after === undefined) return;
  }
}

function hostsOf({ fields }: estypes.SearchHit<unknown>): string[] {
  const hosts: unknown = fields?.[HOST];
  return Array.isArray(hosts) ? hosts.map(String) : [];
}

function isWithin(prefix: Prefix, host: string): boolean {
  const address = parsePrefix(host);
  return address !== undefined && prefixContains(prefix, address);
}

/** The query for an entry that is no address. Pure. */
export function coveredBy({ type, value }: Covering): Query {
  if (type === 'domain') return below(value);
  return { bool: { filter: [{ term: { 'tipline.type': type } }, { term: { 'tipline.value': value } }] } };
}

/** The query for addresses and blocks that have an address in common with the block. Pure. */
export function overlapping(prefix: Prefix): Query {
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
 * The query for URLs whose host looks like an address of the block: hosts are text to the server, so it finds too many, and
 * never too few. Pure.
 */
export function hostsLike(prefix: Prefix): Query {
  return { bool: { filter: [{ term: { 'tipline.type': 'url' } }, hostLike(prefix)] } };
}

function hostLike(prefix: Prefix): Query {
  if (prefix.length === prefix.bytes.length * 8) return { term: { [HOST]: formatIp(prefix.bytes) } };
  const start = commonText(prefix);
  if (start !== '') return { prefix: { [HOST]: start } };
  // No name ends in a number alone, and none has a colon.
  return prefix.bytes.length === 4 ? { regexp: { [HOST]: '[0-9.]+' } } : { wildcard: { [HOST]: '*:*' } };
}

/** What the canonical texts of all addresses of the block begin with: parts that are whole and, in IPv6, written out. */
function commonText({ bytes, length }: Prefix): string {
  if (bytes.length === 4) return Array.from(bytes.subarray(0, length >> 3), (part) => `${part}.`).join('');
  let text = '';
  for (let at = 0; (at + 2) * 8 <= length; at += 2) {
    const group = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    // From here on zeros may be compressed to `::`, or not, for a longer run elsewhere.
    if (group === 0) break;
    text += `${group.toString(16)}:`;
  }
  return text;
}

/**
 * The domain, what is below it, and the URLs and e-mail addresses of both. A leading `*` reads all terms of the field: good
 * enough for an edit of the allow list. An e-mail address has one @ only.
 */
function below(domain: string): Query {
  const name = escapePattern(domain);
  return {
    bool: {
      should: [
        { term: { [HOST]: domain } },
        { wildcard: { [HOST]: { value: `*.${name}` } } },
        { wildcard: { [EMAIL]: { value: `*@${name}` } } },
        { wildcard: { [EMAIL]: { value: `*@*.${name}` } } },
      ],
      minimum_should_match: 1,
      filter: [{ terms: { 'tipline.type': ['domain', 'url', 'email'] } }],
    },
  };
}

/** A wildcard query has three special characters. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&');
}

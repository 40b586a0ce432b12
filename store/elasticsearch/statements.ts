import type { HistoryDocument } from '../port.ts';
import { PAGE, type SearchContext } from './search.ts';

/** What a rebuild needs of a history document; the rest follows from it. */
const FIELDS = ['event.created', 'tipline.id', 'tipline.type', 'tipline.value', 'tipline.claim'];

/**
 * History by the ids of indicators. The range is looked up in the index, so that a part costs what it holds and not what the day holds. Days of
 * others have no such field.
 */
export async function* readStatements(
  { client, names }: SearchContext,
  { from, to }: { from: string; to: string | undefined },
): AsyncIterable<HistoryDocument[]> {
  let after: (string | number)[] | undefined;
  for (;;) {
    const { hits } = await client.search<HistoryDocument>({
      index: names.historyPatterns.join(','),
      query: { range: { 'tipline.id': { gte: from, ...(to === undefined ? {} : { lt: to }) } } },
      sort: [
        { 'tipline.id': { order: 'asc', unmapped_type: 'keyword' } },
        { 'tipline.claim.hash': { order: 'asc', unmapped_type: 'keyword' } },
      ],
      ...(after === undefined ? {} : { search_after: after }),
      size: PAGE,
      _source: FIELDS,
      track_total_hits: false,
      allow_no_indices: true,
      ignore_unavailable: true,
      allow_partial_search_results: false,
    });
    const page = hits.hits;
    if (page.length > 0) yield page.flatMap(({ _source: source }) => (source === undefined ? [] : [source]));
    const last = page.at(-1)?.sort;
    if (page.length < PAGE || last === undefined) return;
    after = last.map((value) => (typeof value === 'number' ? value : String(value)));
  }
}

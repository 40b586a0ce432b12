import type { HistoryDocument } from '../port.ts';
import { PAGE, type SearchContext } from './search.ts';

/** What a rebuild needs of a history document; the rest follows from it. */
const FIELDS = ['event.created', 'tipline.id', 'tipline.type', 'tipline.value', 'tipline.claim'];

/** The server's `max_result_window`. More statements about one indicator within the retention are cut to the newest. */
const MOST = 10_000;

/**
 * History by the ids of indicators. The range is looked up in the index, so that a part costs what it holds and not what the day holds. Days of
 * others have no such field. A page ends between two indicators, since nothing else in history can be sorted by that is told once only.
 */
export async function* readStatements(
  { client, names }: SearchContext,
  { from, to }: { from: string; to: string | undefined },
): AsyncIterable<HistoryDocument[]> {
  let begin: { gte: string } | { gt: string } = { gte: from };
  let size = PAGE;
  for (;;) {
    const range: { gte?: string; gt?: string; lt?: string } = { ...begin, ...(to === undefined ? {} : { lt: to }) };
    const { hits } = await client.search<HistoryDocument>({
      index: names.historyPatterns.join(','),
      query: { range: { 'tipline.id': range } },
      sort: [
        { 'tipline.id': { order: 'asc', unmapped_type: 'keyword' } },
        { '@timestamp': { order: 'desc', unmapped_type: 'date' } },
      ],
      size,
      _source: FIELDS,
      track_total_hits: false,
      allow_no_indices: true,
      ignore_unavailable: true,
      allow_partial_search_results: false,
    });
    const page: HistoryDocument[] = hits.hits.flatMap(({ _source: source }) => (source === undefined ? [] : [source]));
    const last: string | undefined = page.at(-1)?.tipline?.id;
    const isFull = hits.hits.length === size;
    if (!isFull || last === undefined) {
      if (page.length > 0) yield page;
      return;
    }
    const whole = page.filter(({ tipline }) => tipline?.id !== last);
    if (whole.length > 0) {
      yield whole;
      begin = { gte: last };
      size = PAGE;
    } else if (size < MOST) size = MOST;
    else {
      yield page;
      begin = { gt: last };
      size = PAGE;
    }
  }
}

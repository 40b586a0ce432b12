import type { TiplinePart } from '../../core/contract/enriched-document.ts';
import type { StoredValue } from '../port.ts';
import { PAGE, type SearchContext } from './search.ts';

type Told = { tipline: Pick<TiplinePart, 'type' | 'value' | 'benign'> };

/** All indicators in pages by id, which neither changes nor repeats while others write. */
export async function* storedValues({ client, names }: SearchContext): AsyncIterable<StoredValue[]> {
  let after: string | undefined;
  for (;;) {
    const { hits } = await client.search<Told>({
      index: names.current,
      sort: [{ 'tipline.id': 'asc' }],
      ...(after === undefined ? {} : { search_after: [after] }),
      size: PAGE,
      _source: ['tipline.type', 'tipline.value', 'tipline.benign'],
      track_total_hits: false,
      filter_path: ['hits.hits._id', 'hits.hits._source'],
    });
    const found = hits?.hits ?? [];
    const page = found.flatMap(({ _id: id, _source: source }): StoredValue[] => {
      if (id === undefined || source === undefined) return [];
      const { type, value, benign } = source.tipline;
      return [{ id, type, value, ...(benign === undefined ? {} : { benign }) }];
    });
    if (page.length > 0) yield page;
    after = found.at(-1)?._id;
    if (found.length < PAGE || after === undefined) return;
  }
}

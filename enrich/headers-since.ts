import type { Cursors, IndicatorStore } from '../store/port.ts';

const KEY = 'enrich:headers-since';

/**
 * The moment (epoch ms) before which records on `ioc.raw` were written by a tipline that put no feed on them: they count as they did then, or
 * what an upgrade found on its way would have lost its say. 0 where this store was empty when it was first asked: then there was no such tipline.
 */
export async function readHeadersSince(cursors: Cursors): Promise<number> {
  const known = await cursors.get(KEY);
  return typeof known?.value === 'number' ? known.value : 0;
}

/** The same, found out where nobody has yet. */
export async function headersSince(cursors: Cursors, store: IndicatorStore, now: number): Promise<number> {
  for (;;) {
    const known = await cursors.get(KEY);
    if (typeof known?.value === 'number') return known.value;
    const { current } = await store.summary();
    const since = current > 0 ? now : 0;
    if ((await cursors.put(KEY, since, known?.version ?? null)) !== undefined) return since;
  }
}

import { openGate } from './gate.ts';
import { asIs, createTeller, EVERY, type Style } from './style.ts';

const PULSES = 12;
const PAGE_SIZE = 5;
const INDICATORS = 4;

interface Pulse {
  id: string;
  modified: string;
  indicators: object[];
}

/** Pulses, the newest first, so that what comes in between moves all others to later pages. */
export async function pulsesStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => `n${number}.otx.example`);
  const pulses: Pulse[] = [];
  let indicators = 0;
  const gate = await openGate(({ url: path, headers }) => {
    const url = new URL(path, `http://${headers.host}`);
    const asked = (name: string): string => url.searchParams.get(name) ?? '';
    const since = asked('modified_since');
    const all = pulses.filter(({ modified }) => modified >= since);
    const [number, limit] = [Number(asked('page')), Number(asked('limit'))];
    const next = new URL(url);
    next.searchParams.set('page', String(number + 1));
    const body = {
      count: all.length,
      next: number * limit < all.length ? next.href : null,
      previous: null,
      results: all.slice((number - 1) * limit, number * limit),
    };
    const status = number > 1 && body.results.length === 0 ? 404 : 200;
    return {
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(status === 200 ? body : { detail: 'Invalid page.' }),
      page: body.results.length > 0,
    };
  });
  return {
    called: 'otx: modified_since, next link',
    feed: {
      name: 'otx',
      type: 'otx',
      api_key: 'a-key',
      url: `${gate.url}/api/v1/pulses/subscribed`,
      page_size: PAGE_SIZE,
      every: EVERY,
    },
    told,
    grow() {
      for (let pulse = 0; pulse < PULSES; pulse += 1) {
        const now = new Date().toISOString().slice(0, 23);
        pulses.unshift({
          id: `pulse-${pulses.length}`,
          modified: `${now}000`,
          indicators: more(INDICATORS).map((indicator) => {
            indicators += 1;
            return { id: indicators, indicator, type: 'domain', created: now, is_active: 1 };
          }),
        });
      }
    },
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    // those of a page
    keptBehind: PAGE_SIZE,
    exact: false,
    place: asIs,
  };
}

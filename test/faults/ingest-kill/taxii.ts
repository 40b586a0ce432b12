import { openTaxii1Server } from '../collectors/taxii1-server.ts';
import { openTaxii2Server } from '../collectors/taxii2-server.ts';
import { openGate, passOn } from './gate.ts';
import { stixIndicator, stixPackage } from './stix.ts';
import { address, asIs, createTeller, EVERY, type Style } from './style.ts';

const PAGE_SIZE = 40;
const GROWTH = 100;

/** A collection of TAXII 2: `next` and `added_after` with 2.1, parts of a range with 2.0. */
export async function taxii2Style(version: '2.0' | '2.1'): Promise<Style & { close(): Promise<void> }> {
  const { told, more } = createTeller((number) => address(version === '2.1' ? 30 : 31, number));
  const server = await openTaxii2Server({ version, objects: [], pageSize: PAGE_SIZE });
  const isPage = ({ url }: { url: string }, { status, body }: { status: number; body: string }): boolean =>
    url.includes('/objects/') && (status === 200 || status === 206) && body.length > 100;
  const gate = await openGate(passOn(server.url, isPage));
  return {
    called: version === '2.1' ? 'taxii2 2.1: added_after, next' : 'taxii2 2.0: added_after, Range',
    feed: {
      name: version === '2.1' ? 'taxii-next' : 'taxii-range',
      type: 'taxii2',
      url: `${gate.url}/taxii2/`,
      version,
      page_size: PAGE_SIZE,
      together: 1,
      every: EVERY,
    },
    told,
    grow: () => server.add(more(GROWTH).map(stixIndicator)),
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 1,
    exact: true,
    place: asIs,
    close: () => server.close(),
  };
}

/** A collection of TAXII 1.1: results are capped, and come in parts. */
export async function taxii1Style(): Promise<Style & { close(): Promise<void> }> {
  const { told, more } = createTeller((number) => address(32, number));
  const server = await openTaxii1Server({
    version: '1.1',
    fault: 'partial-content',
    blocks: [],
    partSize: 20,
    resultSize: 60,
  });
  const gate = await openGate(passOn(server.url, (_, { body }) => body.includes('Content_Block')));
  return {
    called: 'taxii1: time windows, parts',
    feed: { name: 'taxii-windows', type: 'taxii1', url: `${gate.url}/discovery`, since: 'all', every: EVERY },
    told,
    grow: () => server.add(more(GROWTH).map((value) => ({ content: stixPackage(value) }))),
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    // after all parts of a result
    keptBehind: 'end',
    exact: true,
    place: asIs,
    close: () => server.close(),
  };
}

import type { TestContext } from 'node:test';
import { KEY, openMisp } from '../../ingest/feeds/misp/server.ts';
import { openGate, passOn } from './gate.ts';
import { asIs, createTeller, EVERY, type Style } from './style.ts';

const ATTRIBUTES = 30;

/** A MISP that is searched page by page. */
export async function mispSearchStyle(t: TestContext): Promise<Style> {
  const { told, more } = createTeller((number) => `n${number}.misp.example`);
  const server = await openMisp(t);
  const tick = (): void => {
    server.clock = Math.floor(Date.now() / 1000);
  };
  tick();
  let stamp = server.clock - 7200;
  const pass = passOn(server.url, ({ url }, { body }) => url.includes('restSearch') && body.includes('"uuid"'));
  const gate = await openGate((asked) => {
    tick();
    return pass(asked);
  });
  return {
    called: 'misp: page and timestamp',
    feed: { name: 'misp', type: 'misp', url: gate.url, api_key: KEY, page_size: ATTRIBUTES, every: EVERY },
    told,
    grow() {
      for (let event = 0; event < 3; event += 1) {
        // published long ago by the clock of that server, or each reading would go back to it
        stamp += 7;
        server.add(
          { timestamp: stamp },
          more(ATTRIBUTES).map((value) => ({ value })),
        );
      }
    },
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 1,
    exact: false,
    // a second sweep goes by when the reading was
    place: (cursor) => ({ ...(cursor as object), published: null }),
  };
}

/** A folder with a manifest, and a file for each event. */
export async function manifestStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => `n${number}.events.example`);
  const manifest: Record<string, object> = {};
  const events = new Map<string, string>();
  let attributes = 0;
  const put = (values: readonly string[]): void => {
    const uuid = uuidOf('1', events.size + 1);
    const stamp = String(1_700_000_000 + events.size);
    const head = { info: `event ${events.size}`, date: '2026-01-01', timestamp: stamp, published: true };
    const Attribute = values.map((value) => {
      attributes += 1;
      const about = { type: 'domain', category: 'Network activity', to_ids: true, deleted: false, timestamp: stamp };
      return { uuid: uuidOf('2', attributes), value, ...about };
    });
    events.set(uuid, JSON.stringify({ Event: { uuid, ...head, Attribute } }));
    manifest[uuid] = head;
  };
  const gate = await openGate(({ url, headers }) => {
    const name = /\/([^/]+)\.json$/.exec(url)?.[1] ?? '';
    const etag = `"${events.size}"`;
    const type = { 'content-type': 'application/json' };
    if (name === 'manifest') {
      if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '', page: false };
      return { status: 200, headers: { etag, ...type }, body: JSON.stringify(manifest), page: false };
    }
    const body = events.get(name);
    if (body === undefined) return { status: 404, headers: type, body: '{}', page: false };
    return { status: 200, headers: type, body, page: true };
  });
  return {
    called: 'misp-feed: manifest',
    feed: { name: 'manifest', type: 'misp-feed', url: `${gate.url}/feed`, every: EVERY },
    told,
    grow() {
      for (let event = 0; event < 52; event += 1) put(more(2));
    },
    gate,
    pages: () => gate.pages,
    // fifty events, then the others
    deliveries: 2,
    keptBehind: 1,
    exact: true,
    place: asIs,
  };
}

function uuidOf(kind: string, number: number): string {
  return `${kind.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

import { type Fault, type FaultServer, openFaultServer, type Reply, type Seen } from './faults.ts';

export type StixObject = Readonly<Record<string, unknown>>;

export interface Taxii2Options {
  version: '2.0' | '2.1';
  fault?: Fault;
  objects: readonly StixObject[];
  /** The most that it gives at once. Default 4. */
  pageSize?: number;
  /** What the Authorization header must be. */
  authorization?: string;
  /** Default true. */
  manifest?: boolean;
  /** How it wants the Range header of TAXII 2.0. Default: either way. */
  rangeSign?: '=' | ' ';
  /** Objects that bear one date. Default 1; with the fault `same-timestamp` one less than a page. */
  sameDate?: number;
  /** Epoch ms of the first date, or the clock that dates go by; they come a microsecond after each other. Default is a day in the past. */
  began?: number | (() => number);
  /** What the discovery names as API roots; default is its own, as a path. */
  roots?: readonly string[];
}

export interface Taxii2Server extends FaultServer {
  /** Its root and its collection. */
  readonly root: string;
  readonly collection: string;
  add: Taxii2Site['add'];
  forget: Taxii2Site['forget'];
}

interface Kept {
  object: StixObject;
  added: string;
}

interface Session {
  question: string;
  since: string;
  offset: number;
  emptied: boolean;
}

const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const CLOSED = '472c94ae-3113-4e3e-a4dd-a9f4ac7471d4';
const MEDIA = {
  '2.1': { taxii: 'application/taxii+json;version=2.1', stix: 'application/taxii+json;version=2.1' },
  '2.0': {
    taxii: 'application/vnd.oasis.taxii+json; version=2.0',
    stix: 'application/vnd.oasis.stix+json; version=2.0',
  },
};

/** What a TAXII 2.0 or 2.1 server knows: a collection of objects and one that nobody may read. */
export interface Taxii2Site {
  answer(seen: Seen): Reply;
  /** More objects, newer than all before; `late`: with the date of the last. */
  add(objects: readonly StixObject[], late?: 'late'): void;
  /** Forgets every `next` that it gave. */
  forget(): void;
  /** How often a fault of its protocol struck. */
  readonly struck: number;
}

/** The same behind a server. */
export async function openTaxii2Server(options: Taxii2Options): Promise<Taxii2Server> {
  const site = createTaxii2Site(options);
  const server = await openFaultServer(options.fault ?? 'none', site.answer);
  return {
    url: `${server.url}/taxii2/`,
    root: `${server.url}/root/`,
    collection: `${server.url}/root/collections/${COLLECTION}/`,
    requests: server.requests,
    strangers: server.strangers,
    get struck() {
      return server.struck + site.struck;
    },
    close: server.close,
    add: site.add,
    forget: site.forget,
  };
}

export function createTaxii2Site(options: Taxii2Options): Taxii2Site {
  const { version, fault = 'none', pageSize = 4, manifest = true, authorization } = options;
  const sameDate = options.sameDate ?? (fault === 'same-timestamp' ? pageSize - 1 : 1);
  const media = MEDIA[version];
  const kept: Kept[] = [];
  const sessions = new Map<string, Session>();
  let tokens = 0;
  let pages = 0;
  let struck = 0;

  const { began = BEGAN } = options;
  let dates = 0;
  function add(objects: readonly StixObject[], late?: 'late'): void {
    for (const [index, object] of objects.entries()) {
      if (late === undefined && index % sameDate === 0) dates += 1;
      kept.push({ object, added: dateOf(typeof began === 'function' ? began() : began, dates) });
    }
  }
  add(options.objects);

  function taxii(document: object): Reply {
    return reply(200, document, media.taxii);
  }

  function reply(status: number, document: object, type: string): Reply {
    const wrong = fault === 'wrong-content-type';
    return { status, headers: { 'content-type': wrong ? 'text/plain' : type }, body: JSON.stringify(document) };
  }

  function refusal(status: number, title: string): Reply {
    return reply(status, { title, http_status: String(status) }, media.taxii);
  }

  function answer(seen: Seen): Reply {
    const url = new URL(seen.url, 'http://taxii.test');
    if (authorization !== undefined && seen.headers.authorization !== authorization) {
      return { status: 401, headers: { 'content-type': 'text/html' }, body: '<html><body>Unauthorized</body></html>' };
    }
    const isObjects = url.pathname.endsWith('/objects/');
    const accepted = isObjects ? media.stix : media.taxii;
    if (seen.headers.accept?.replaceAll(' ', '') !== accepted.replaceAll(' ', ''))
      return refusal(406, 'not acceptable');
    switch (url.pathname) {
      case '/taxii2/':
        return taxii({ title: 'a server of ours', api_roots: options.roots ?? ['/root/'] });
      case '/root/':
        return taxii({ title: 'root', versions: [media.taxii], max_content_length: 1000 });
      case '/root/collections/':
        return taxii({
          collections: [
            { id: CLOSED, title: 'Closed', can_read: false, can_write: true },
            { id: COLLECTION, title: 'Open One', alias: 'open-one', can_read: true, can_write: false },
          ],
        });
      case `/root/collections/${COLLECTION}/`:
        return taxii({ id: COLLECTION, title: 'Open One', can_read: true, can_write: false });
      case `/root/collections/${COLLECTION}/manifest/`:
        return manifest ? manifestPage(url) : refusal(404, 'no manifest');
      case `/root/collections/${COLLECTION}/objects/`: {
        const given = version === '2.1' ? byNext(url) : byRange(url, seen);
        if (given.status >= 400) return given;
        pages += 1;
        return { ...given, page: pages };
      }
      default:
        return refusal(404, 'not found');
    }
  }

  function behind(since: string): Kept[] {
    return kept.filter(({ added }) => added > since);
  }

  function dated(given: Reply, part: readonly Kept[]): Reply {
    const [first, last] = [part[0], part.at(-1)];
    if (fault === 'no-date-headers' || first === undefined || last === undefined) return given;
    return {
      ...given,
      headers: {
        ...given.headers,
        'x-taxii-date-added-first': first.added,
        'x-taxii-date-added-last': last.added,
      },
    };
  }

  function byNext(url: URL): Reply {
    const since = url.searchParams.get('added_after') ?? '';
    const next = url.searchParams.get('next');
    const limit = Number(url.searchParams.get('limit') ?? pageSize);
    // what was asked first must be asked again
    const terms = new URLSearchParams(url.searchParams);
    terms.delete('next');
    terms.delete('slashed');
    const question = terms.toString();
    let session: Session = { question, since, offset: 0, emptied: false };
    if (next !== null) {
      const known = sessions.get(next);
      if (fault === 'expired-next') struck += 1;
      if (known === undefined || fault === 'expired-next')
        return refusal(400, "The server did not understand: 'next' not valid");
      if (known.question !== question) return refusal(400, 'the filters have changed');
      sessions.delete(next);
      session = known;
    }
    const all = behind(session.since);
    const size = Math.min(limit, pageSize);
    const empties = fault === 'empty-page-with-more' && !session.emptied && session.offset > 0;
    if (empties) struck += 1;
    const part = empties ? [] : all.slice(session.offset, session.offset + size);
    const offset = session.offset + part.length;
    if (offset >= all.length) {
      // an empty answer of medallion is an empty object
      const document = part.length === 0 ? {} : { more: false, objects: part.map(({ object }) => object) };
      return dated(reply(200, document, media.stix), part);
    }
    tokens += 1;
    const token = `next-${tokens}`;
    sessions.set(token, { ...session, offset, emptied: empties });
    const withoutNext = fault === 'more-without-next' || fault === 'same-timestamp';
    if (withoutNext) struck += 1;
    const document = {
      more: true,
      ...(withoutNext ? {} : { next: token }),
      objects: part.map(({ object }) => object),
    };
    return dated(reply(200, document, media.stix), part);
  }

  function byRange(url: URL, seen: Seen): Reply {
    const all = behind(url.searchParams.get('added_after') ?? '');
    const match = /^items([= ])(\d+)-(\d+)$/.exec(String(seen.headers.range ?? ''));
    if (match === null) return refusal(400, 'no range');
    const [, sign, from, to] = match;
    if (options.rangeSign !== undefined && sign !== options.rangeSign) return refusal(400, 'bad range');
    const start = Number(from);
    if (start >= all.length) return refusal(all.length === 0 ? 404 : 416, 'nothing there');
    // medallion 1.0 leaves out the last that was asked for
    const asked = Number(to) - start + (fault === 'partial-content' ? 0 : 1);
    if (fault === 'partial-content' || fault === 'same-timestamp') struck += 1;
    const part = all.slice(start, start + Math.max(1, Math.min(asked, pageSize)));
    const document = {
      type: 'bundle',
      id: 'bundle--1',
      spec_version: '2.0',
      objects: part.map(({ object }) => object),
    };
    const complete = part.length === all.length;
    const given = dated(reply(complete ? 200 : 206, document, media.stix), part);
    if (complete) return given;
    if (fault === 'more-without-next' || fault === 'expired-next') struck += 1;
    if (fault === 'more-without-next') return given;
    const total = fault === 'expired-next' ? '*' : String(all.length);
    return { ...given, headers: { ...given.headers, 'content-range': `items ${start}-${to}/${total}` } };
  }

  function manifestPage(url: URL): Reply {
    const since = url.searchParams.get('added_after') ?? '';
    const offset = Number(url.searchParams.get('next') ?? 0);
    const all = behind(since);
    const part = version === '2.1' ? all.slice(offset, offset + pageSize) : all;
    const more = version === '2.1' && offset + part.length < all.length;
    return taxii({
      ...(more ? { more: true, next: String(offset + part.length) } : {}),
      objects: part.map(({ object, added }) => ({ id: object.id, date_added: added, version: object.modified })),
    });
  }

  return {
    answer,
    add,
    forget: () => sessions.clear(),
    get struck() {
      return struck;
    },
  };
}

const BEGAN = Date.parse('2026-01-02T03:04:00Z');

/** A microsecond apart each, so that whoever rounds to milliseconds loses or repeats. */
function dateOf(began: number, number: number): string {
  const micros = (began % 1000) * 1000 + number;
  const second = new Date(began - (began % 1000) + Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}

/** Indicators of addresses in 198.51.100.0/24, numbered from `first`. */
export function stixIndicators(count: number, first = 0): StixObject[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return {
      type: 'indicator',
      spec_version: '2.1',
      id: `indicator--00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      valid_from: '2026-01-01T00:00:00Z',
      pattern_type: 'stix',
      pattern: `[ipv4-addr:value = '198.51.${100 + Math.floor(number / 256)}.${number % 256}']`,
      labels: ['malicious-activity'],
    };
  });
}

/** What `stixIndicators` say, in order. */
export function addressesOf(objects: readonly StixObject[]): string[] {
  return objects.map(({ pattern }) => String(pattern).slice("[ipv4-addr:value = '".length, -"']".length)).sort();
}

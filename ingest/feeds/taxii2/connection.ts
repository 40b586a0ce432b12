import { TiplineError } from '../../../core/process/errors.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { Fetcher, FetchRequest, ListAnswer } from '../../fetch/fetcher.ts';
import { firstHop } from '../../fetch/redirect.ts';
import { parseDocument } from '../../formats/json.ts';
import { listText, wholeText } from '../../formats/text.ts';

export const VERSIONS = ['2.1', '2.0'] as const;
export type Version = (typeof VERSIONS)[number];

/** TAXII 2.0 has a media type for its own documents and one for STIX; 2.1 has one for both. */
const MEDIA_TYPES = {
  '2.1': { document: 'application/taxii+json;version=2.1', objects: 'application/taxii+json;version=2.1' },
  '2.0': {
    document: 'application/vnd.oasis.taxii+json; version=2.0',
    objects: 'application/vnd.oasis.stix+json; version=2.0',
  },
} as const;
/** Statuses by which servers say that they do not speak this version. medallion says 406, others know no such page. */
const OTHER_VERSION: ReadonlySet<number> = new Set([400, 404, 406, 415]);
/** Of lists of roots and collections, which are read whole. */
const MOST_DOCUMENT_BYTES = 16 * 1024 ** 2;

export interface ConnectionOptions {
  fetcher: Fetcher;
  /** The address in the configuration, with or without user and password. */
  url: string;
  headers: Readonly<Record<string, string>>;
  version: 'auto' | Version;
  /** Roots on other origins get the credentials as well. */
  trustRoots: boolean;
  maxBytes: number;
}

/** A document and the version that the server speaks there. */
export interface Document {
  version: Version;
  body: unknown;
  /** TAXII 2.0 gave the beginning of it alone (206). */
  partial: boolean;
}

export interface ObjectsRequest {
  url: URL;
  version: Version;
  /** Of TAXII 2.0: `items 0-99`. */
  range?: string;
  /** Statuses to be given as an answer. */
  also?: readonly number[];
  signal: AbortSignal;
}

/** A TAXII 2 server, as it is reached. */
export interface Connection {
  /** Where it was set up for, without user and password, with a slash at the end. */
  readonly url: URL;
  /** A list of roots, a root, a list of collections, or a collection. */
  document(url: URL, signal: AbortSignal, range?: string): Promise<Document>;
  /** Objects, or the manifest of them. */
  objects(request: ObjectsRequest, kind: 'objects' | 'document'): Promise<ListAnswer>;
  /** Where an address leads that the server named; undefined when it is none, or leads from https to http. */
  resolve(address: string, base: URL): URL | undefined;
  /** Whether the credentials go there. */
  trusts(url: URL): boolean;
}

export function openConnection(options: ConnectionOptions): Connection {
  const { fetcher, trustRoots, maxBytes } = options;
  // user and password would not survive in the addresses that are made from this one, and must not come into a cursor
  const hop = firstHop(options.url, options.headers);
  const url = asFolder(hop.url);
  const headers = hop.credentials;
  /** The version that was spoken last: a server seldom speaks one here and the other there. */
  let spoken: Version = options.version === 'auto' ? '2.1' : options.version;

  function trusts(target: URL): boolean {
    return trustRoots || target.origin === url.origin;
  }

  async function get(request: Omit<FetchRequest, 'url' | 'headers'>, target: URL, range?: string): Promise<ListAnswer> {
    const trusted = trusts(target);
    const answer = await fetcher.get({
      ...request,
      url: target.href,
      headers: { ...(trusted ? headers : {}), ...(range === undefined ? {} : { range }) },
      anonymous: !trusted,
    });
    if (answer.kind === 'list') return answer;
    throw new TiplineError('FEED_STATUS', 'answered 304 to a request without conditions', { retryable: true });
  }

  async function fetchDocument(target: URL, version: Version, signal: AbortSignal, range?: string): Promise<Document> {
    const accept = MEDIA_TYPES[version].document;
    const also = version === '2.0' ? [206] : [];
    const answer = await get({ accept, maxBytes: MOST_DOCUMENT_BYTES, signal, also }, target, range);
    const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
    const body = parseDocument(await wholeText(text, MOST_DOCUMENT_BYTES));
    return { version, body, partial: answer.status === 206 };
  }

  return {
    url,
    trusts,
    async document(target, signal, range) {
      try {
        return await fetchDocument(target, spoken, signal, range);
      } catch (error) {
        if (options.version !== 'auto' || !speaksOther(error)) throw error;
        const other = spoken === '2.1' ? '2.0' : '2.1';
        let found: Document;
        try {
          found = await fetchDocument(target, other, signal, range);
        } catch (second) {
          // when neither is spoken there, the first answer tells why
          throw speaksOther(second) ? error : second;
        }
        spoken = other;
        return found;
      }
    },
    objects({ url: target, version, range, also = [], signal }, kind) {
      return get({ accept: MEDIA_TYPES[version][kind], maxBytes, signal, also }, target, range);
    },
    resolve(address, base) {
      if (!URL.canParse(address, base.href)) return undefined;
      const target = new URL(address, base);
      if (target.protocol !== 'https:' && (target.protocol !== 'http:' || base.protocol === 'https:')) return undefined;
      return asFolder(target);
    },
  };
}

function speaksOther(error: unknown): boolean {
  return error instanceof FetchError && error.refusal !== undefined && OTHER_VERSION.has(error.refusal.status);
}

/** The slash at the end is part of each address of TAXII 2; without it a server redirects at best. */
function asFolder(url: URL): URL {
  const folder = new URL(url);
  // the address of a root comes from the server, and what stands before its host is nobody's password
  folder.username = '';
  folder.password = '';
  folder.hash = '';
  folder.search = '';
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}

import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import { textIn, truthIn } from '../../formats/fields.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { Connection, Document, Version } from './connection.ts';

/** A collection that can be read. */
export interface Collection {
  /** With a slash at the end; its text is the name of the collection in the cursor. */
  url: URL;
  title: string;
  version: Version;
}

export interface Found {
  collections: Collection[];
  /** What failed on the way and may pass; the other collections are worth reading all the same. */
  problems: unknown[];
}

interface Looking {
  connection: Connection;
  /** Ids, aliases or titles; all that may be read when there are none. */
  wanted: readonly string[];
  tally: Tally;
  signal: AbortSignal;
}

interface Listed {
  url: URL;
  id: string;
  title: string;
  alias: string | undefined;
  readable: boolean;
  version: Version;
}

const MOST_ROOTS = 100;
const MOST_COLLECTIONS = 10_000;

/**
 * The collections behind an address, which may be that of the discovery, of a root, of its collections, or of one of them. A root that
 * does not let us in costs itself alone: a discovery lists those of all accounts.
 */
export async function findCollections(looking: Looking): Promise<Found> {
  const { connection, signal } = looking;
  const url = withoutEnd(connection.url);
  const document = await connection.document(url, signal);
  const { body } = document;
  if (!isFields(body)) throw noTaxii();
  if (Array.isArray(body.api_roots) || textIn(body, 'default') !== undefined) {
    return chosen(await fromRoots(rootsOf(body, url, looking), looking), looking);
  }
  if (Array.isArray(body.collections) || url.pathname.endsWith('/collections/')) {
    return chosen({ listed: await fromList(url, document, looking), problems: [] }, looking);
  }
  if (Array.isArray(body.versions)) {
    return chosen({ listed: await fromRoot(url, looking), problems: [] }, looking);
  }
  if (textIn(body, 'id') !== undefined && body.can_read !== undefined) {
    const parent = new URL('../', url);
    return chosen({ listed: [listedOf(body, parent, document.version, url)], problems: [] }, looking);
  }
  throw noTaxii();
}

/** Whoever has the address of the objects at hand means the collection. */
function withoutEnd(url: URL): URL {
  const match = /^(.*\/collections\/[^/]+\/)(?:objects|manifest)\/$/.exec(url.pathname);
  return match?.[1] === undefined ? url : new URL(match[1], url);
}

function rootsOf(discovery: Fields, base: URL, { connection, tally }: Looking): URL[] {
  const named = Array.isArray(discovery.api_roots) ? discovery.api_roots : [discovery.default];
  const roots = new Map<string, URL>();
  for (const each of named.slice(0, MOST_ROOTS)) {
    const root = typeof each === 'string' ? connection.resolve(each, base) : undefined;
    if (root !== undefined) roots.set(root.href, root);
    else
      tally.note(
        `an API root was left out: ${printable(String(each), 200)} is no address, or leads from https to http`,
      );
  }
  if (named.length > MOST_ROOTS) tally.note(`${named.length} API roots are named; the first ${MOST_ROOTS} are read`);
  return [...roots.values()];
}

async function fromRoots(roots: readonly URL[], looking: Looking): Promise<{ listed: Listed[]; problems: unknown[] }> {
  const { connection, tally } = looking;
  const listed: Listed[] = [];
  const problems: unknown[] = [];
  let first: unknown;
  let read = 0;
  for (const root of roots) {
    if (looking.signal.aborted) break;
    try {
      listed.push(...(await fromRoot(root, looking)));
      read += 1;
    } catch (error) {
      first ??= error;
      if (asksForPatience(error)) throw error;
      const elsewhere = !connection.trusts(root);
      const advice = elsewhere
        ? '; it is on another origin and was asked without credentials: "trust_roots" sends them there'
        : '';
      if (elsewhere || isRefusal(error)) tally.note(`the API root ${shown(root)} cannot be read${advice}`);
      else problems.push(error);
    }
  }
  if (read === 0 && first !== undefined) throw first;
  return { listed, problems };
}

/** The account is not meant for this root, or there is nothing there. */
function isRefusal(error: unknown): boolean {
  const status = error instanceof FetchError ? error.refusal?.status : undefined;
  return status === 401 || status === 403 || status === 404 || status === 406;
}

/** The server had enough, or our own budget is used up: whatever is asked next makes it worse. */
export function asksForPatience(error: unknown): boolean {
  return error instanceof FetchError && error.retryAfterMs !== undefined;
}

async function fromRoot(root: URL, looking: Looking): Promise<Listed[]> {
  const url = new URL('collections/', root);
  return await fromList(url, await looking.connection.document(url, looking.signal), looking);
}

async function fromList(url: URL, first: Document, { connection, tally, signal }: Looking): Promise<Listed[]> {
  const listed: Listed[] = [];
  let received = 0;
  for (let document = first; ; ) {
    const { body, version, partial } = document;
    // an account without collections gets an object without the list
    const told = isFields(body) ? (body.collections ?? []) : undefined;
    if (!Array.isArray(told)) throw noTaxii();
    for (const each of told) {
      received += 1;
      const id = isFields(each) ? textIn(each, 'id') : undefined;
      if (!isFields(each) || id === undefined || !isSegment(id))
        tally.skip(received, 'a collection without a usable id', 'malformed');
      else listed.push(listedOf(each, url, version));
    }
    if (received > MOST_COLLECTIONS) throw tooMany();
    if (!partial || told.length === 0 || signal.aborted) return listed;
    document = await connection.document(url, signal, `items ${received}-${received + 99}`);
  }
}

/** It becomes a part of the path: `..` would lead elsewhere. */
function isSegment(id: string): boolean {
  return id.length <= 200 && /^[^/\\?#\s]+$/.test(id) && !/^\.+$/.test(id);
}

function listedOf(fields: Fields, base: URL, version: Version, url?: URL): Listed {
  const id = textIn(fields, 'id') ?? '';
  return {
    url: url ?? new URL(`${encodeURIComponent(id)}/`, base),
    id,
    title: textIn(fields, 'title') ?? id,
    alias: textIn(fields, 'alias'),
    readable: truthIn(fields, 'can_read') !== false,
    version,
  };
}

function chosen({ listed, problems }: { listed: Listed[]; problems: unknown[] }, { wanted }: Looking): Found {
  const readable = listed.filter((each) => each.readable);
  const found = wanted.length === 0 ? readable : readable.filter((each) => wanted.some((name) => isNamed(each, name)));
  const missing = wanted.filter((name) => !readable.some((each) => isNamed(each, name)));
  if (missing.length > 0) problems.push(notFound(missing, listed));
  if (found.length === 0 && problems.length === 0) {
    throw new TiplineError(
      'FEED_NO_COLLECTION',
      'the server shows no collection that this account may read; check the account and its rights there',
      { retryable: true },
    );
  }
  return { collections: found, problems };
}

function isNamed({ id, title, alias }: Listed, name: string): boolean {
  const wanted = name.trim().toLowerCase();
  return [id, title, alias].some((each) => each?.trim().toLowerCase() === wanted);
}

function notFound(missing: readonly string[], listed: readonly Listed[]): TiplineError {
  const some = (names: readonly string[]): string =>
    names
      .slice(0, 10)
      .map((name) => `"${printable(name, 80)}"`)
      .join(', ');
  const closed = missing.filter((name) => listed.some((each) => isNamed(each, name)));
  const there = listed.filter((each) => each.readable).map((each) => each.title);
  return new TiplineError(
    'FEED_NO_COLLECTION',
    closed.length > 0
      ? `this account may not read the collection ${some(closed)}`
      : `there is no collection ${some(missing)}; the server has ${there.length === 0 ? 'none that may be read' : some(there)}`,
    { retryable: true },
  );
}

function noTaxii(): TiplineError {
  return new TiplineError(
    'FEED_SHAPE',
    'the answer is no TAXII 2 document: give the address of the discovery (…/taxii2/), of an API root or of a collection',
    { retryable: true },
  );
}

function tooMany(): TiplineError {
  return new TiplineError('FEED_TOO_LARGE', `more than ${MOST_COLLECTIONS} collections are listed`, {
    retryable: false,
  });
}

/** Root addresses hold no credentials, and come from the server. */
function shown(root: URL): string {
  return printable(root.origin + root.pathname, 200);
}

import { TiplineError } from '../../../core/process/errors.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { CollectionInfo, Service, Taxii1Message } from '../../formats/taxii1/message.ts';
import { BINDINGS, collectionsRequest, discoveryRequest, type Taxii1Version } from '../../formats/taxii1/requests.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { Connection } from './connection.ts';
import { statusError, Taxii1Error } from './status.ts';

/** A collection that can be polled. */
export interface Collection {
  name: string;
  /** Always given whole, whatever its age. */
  isSet: boolean;
  address: URL;
  version: Taxii1Version;
}

export interface Found {
  collections: Collection[];
  /** What failed on the way; the other collections are worth reading all the same. */
  problems: unknown[];
}

export interface Looking {
  connection: Connection;
  /** Names; all that there are when it is empty. */
  wanted: readonly string[];
  /** The poll service, where the server has no discovery. */
  pollAddress: URL | undefined;
  version: 'auto' | Taxii1Version;
  tally: Tally;
  signal: AbortSignal;
}

/** Discovery, then the collections of each service that manages some, then those that are wanted. */
export async function findCollections(looking: Looking): Promise<Found> {
  const { wanted, pollAddress, version } = looking;
  if (pollAddress !== undefined) {
    const spoken = version === 'auto' ? '1.1' : version;
    const collections = wanted.map((name) => ({ name, isSet: false, address: pollAddress, version: spoken }));
    return { collections, problems: [] };
  }
  const { message, version: spoken } = await firstAnswer(looking);
  if (message.kind === 'collections')
    return chosen([{ infos: message.collections, services: [] }], spoken, looking, []);
  if (message.kind !== 'services') throw unexpected(message);
  const services = message.services.filter((service) => service.available && speaks(service, spoken));
  const polling = services.filter(({ type }) => type === 'POLL');
  const problems: unknown[] = [];
  const lists: List[] = [];
  for (const service of services.filter(({ type }) => type === 'COLLECTION_MANAGEMENT')) {
    const infos = await listOf(service, spoken, looking, problems);
    if (infos !== undefined) lists.push({ infos, services: polling });
  }
  if (lists.length === 0) {
    // a server that lists nothing may be polled by name all the same
    if (wanted.length > 0 && polling.length > 0) lists.push({ infos: wanted.map(unlisted), services: polling });
    else throw problems[0] ?? noService();
  }
  return chosen(lists, spoken, looking, problems);
}

interface List {
  infos: readonly CollectionInfo[];
  /** Where to poll those that do not say it themselves. */
  services: readonly Service[];
}

/** The address may be that of the collection management, too; and the server may speak the older version alone. */
async function firstAnswer(looking: Looking): Promise<{ message: Taxii1Message; version: Taxii1Version }> {
  const { connection, version } = looking;
  const versions: readonly Taxii1Version[] = version === 'auto' ? ['1.1', '1.0'] : [version];
  let first: unknown;
  for (const request of [discoveryRequest, collectionsRequest]) {
    for (const each of versions) {
      try {
        return { message: await tell(connection.url, request(each), each, looking), version: each };
      } catch (error) {
        first ??= error;
        if (!isMisunderstood(error)) throw error;
      }
    }
  }
  throw first;
}

/** The server does not know this kind of message, or not in this version. */
function isMisunderstood(error: unknown): boolean {
  if (error instanceof Taxii1Error) {
    return !['UNAUTHORIZED', 'DENIED', 'RETRY', 'PENDING'].includes(error.status);
  }
  const status = error instanceof FetchError ? error.refusal?.status : undefined;
  return status === 400 || status === 404 || status === 405 || status === 406 || status === 415 || status === 501;
}

/** Sends a message whose answer holds no content. */
async function tell(address: URL, body: string, version: Taxii1Version, looking: Looking): Promise<Taxii1Message> {
  const { connection, tally, signal } = looking;
  const answers = connection.ask({ address, body, version, tally, signal });
  let step = await answers.next();
  while (step.done !== true) step = await answers.next();
  const { message } = step.value;
  if (message.kind === 'status') throw statusError(message);
  return message;
}

async function listOf(
  service: Service,
  version: Taxii1Version,
  looking: Looking,
  problems: unknown[],
): Promise<readonly CollectionInfo[] | undefined> {
  const { connection, tally } = looking;
  const address = connection.resolve(service.address);
  if (address === undefined) {
    tally.note(`a service was left out: ${printable(service.address, 200)} is no address, or leads from https to http`);
    return undefined;
  }
  try {
    const message = await tell(address, collectionsRequest(version), version, looking);
    if (message.kind === 'collections') return message.collections;
    throw unexpected(message);
  } catch (error) {
    if (asksForPatience(error)) throw error;
    if (!connection.trusts(address)) tally.note(elsewhere(address));
    problems.push(error);
    return undefined;
  }
}

function speaks({ messages }: Pick<Service, 'messages'>, version: Taxii1Version): boolean {
  return messages.length === 0 || messages.includes(BINDINGS[version].message);
}

function unlisted(name: string): CollectionInfo {
  return { name, isSet: false, available: true, polling: [] };
}

function chosen(lists: readonly List[], version: Taxii1Version, looking: Looking, problems: unknown[]): Found {
  const { connection, wanted, tally } = looking;
  const collections = new Map<string, Collection>();
  const infos = lists.flatMap((list) => list.infos);
  for (const { infos: some, services } of lists) {
    for (const info of some) {
      const isWanted = wanted.length === 0 ? info.available : wanted.some((name) => isNamed(info, name));
      if (!isWanted || info.name === '') continue;
      const known = info.polling.length > 0 ? info.polling : services;
      const addresses = known.filter((each) => speaks(each, version)).map((each) => connection.resolve(each.address));
      const address =
        addresses.find((each) => each !== undefined && connection.trusts(each)) ?? addresses.find(Boolean);
      if (address === undefined) {
        tally.note(
          `the collection "${printable(info.name, 100)}" has no poll service that can be reached over the same or a safer protocol`,
        );
        continue;
      }
      collections.set(`${info.name} ${address.href}`, { name: info.name, isSet: info.isSet, address, version });
    }
  }
  const missing = wanted.filter((name) => !infos.some((info) => isNamed(info, name)));
  if (missing.length > 0) problems.push(notFound(missing, infos));
  if (collections.size === 0 && problems.length === 0) {
    throw new TiplineError(
      'FEED_NO_COLLECTION',
      'the server shows no collection that this account may poll; check the account and its rights there',
      { retryable: true },
    );
  }
  return { collections: [...collections.values()], problems };
}

function isNamed({ name }: CollectionInfo, wanted: string): boolean {
  return name.trim().toLowerCase() === wanted.trim().toLowerCase();
}

/** The server had enough, or our own budget is used up: whatever is asked next makes it worse. */
export function asksForPatience(error: unknown): boolean {
  return error instanceof FetchError && error.retryAfterMs !== undefined;
}

export function elsewhere(address: URL): string {
  return `${printable(address.origin, 200)} is another origin than that of "url" and was asked without credentials: "trust_addresses" sends them there`;
}

function notFound(missing: readonly string[], infos: readonly CollectionInfo[]): TiplineError {
  const some = (names: readonly string[]): string =>
    names
      .slice(0, 10)
      .map((name) => `"${printable(name, 80)}"`)
      .join(', ');
  const there = infos.length === 0 ? 'none' : some(infos.map(({ name }) => name));
  return new TiplineError('FEED_NO_COLLECTION', `there is no collection ${some(missing)}; the server has ${there}`, {
    retryable: true,
  });
}

function noService(): TiplineError {
  return new TiplineError(
    'FEED_NO_COLLECTION',
    'the discovery names no service that lists collections; give "poll_url" and the names of "collections"',
    { retryable: true },
  );
}

/** An answer to another question. */
export function unexpected(message: Taxii1Message): TiplineError {
  if (message.kind === 'status') return statusError(message);
  return new TiplineError('FEED_SHAPE', 'the server answers another question than it was asked; check the address', {
    retryable: true,
  });
}

import assert from 'node:assert/strict';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { difference, ofItself, sameSet, wholly } from './compare.ts';
import type { Python } from './python.ts';
import { PASSWORD, type TaxiiServer, USER } from './server.ts';
import { type Given, nameOf, newest } from './stix2-data.ts';
import type { Row } from './table.ts';
import type { Tipline } from './tipline.ts';

export interface Reading {
  python: Python;
  server: TaxiiServer;
  tipline: Tipline;
  pageSize: number;
}

/** What the server was given: long ago, in the last minute before tipline read it first, and since. */
export interface History {
  known: readonly Given[];
  recent?: readonly Given[];
  added?: readonly Given[];
}

/**
 * One reading of a TAXII 2.1 server by both. The server gives all, taxii2-client gets all; tipline gets all that is new to it, and repeats
 * at most what was added in the minute before its first reading. Returns the row of the table when all of that holds.
 */
export async function readTaxii2(reading: Reading, { known, recent = [], added = [] }: History): Promise<Row> {
  const { python, server, tipline, pageSize } = reading;
  const isFirst = added.length === 0;
  const gives = newest([...known, ...recent, ...added]);
  const current = new Set(gives.map(({ object }) => nameOf(object)));
  const stillCurrent = (given: readonly Given[]): Given[] => given.filter(({ object }) => current.has(nameOf(object)));
  const fresh = isFirst ? gives : stillCurrent(added);
  const again = isFirst ? [] : stillCurrent(recent);

  pagesOf(server);
  const client = await readByClient(python, server, pageSize);
  const clientPages = pagesOf(server);
  sameSet(client, [...current], 'what taxii2-client gets');

  const collected = await tipline.collect();
  const pages = pagesOf(server);
  const records = collected.records;
  if (isFirst) {
    sameSet(records.map(wholly), told(fresh).map(wholly), `what tipline gets\n${collected.log}`);
  } else {
    const got = records.map(ofItself);
    const { missing } = difference(got, told(fresh).map(ofItself));
    assert.deepEqual(missing, [], `what is new has to come\n${collected.log}`);
    const { invented, twice } = difference(got, told([...fresh, ...again]).map(ofItself));
    assert.deepEqual({ invented, twice }, { invented: [], twice: [] }, 'nothing else may come');
  }
  const refs = new Set(records.map(({ ref }) => ref));
  const telling = fresh.filter((each) => each.told.length > 0);
  return {
    server: `${server.name} ${server.version}`,
    protocol: 'TAXII 2.1',
    client: `taxii2-client ${python.packages.get('taxii2-client')}`,
    reading: isFirst ? 'first' : 'second',
    loaded: isFirst ? `${known.length + recent.length} objects` : `${added.length} more`,
    gives: gives.length,
    clientGot: client.length,
    tiplineGot: `${telling.filter(({ object }) => refs.has(object.id)).length} of ${telling.length}`,
    records: records.length,
    pages: `${clientPages}/${pages}`,
    seconds: collected.seconds,
  };
}

/** Names of the objects that taxii2-client gets. */
export async function readByClient(python: Python, { origin }: TaxiiServer, pageSize: number): Promise<string[]> {
  return await python.read<string[]>('read_taxii2.py', [`${origin}/taxii2/`, USER, PASSWORD, String(pageSize)]);
}

/** Pages of objects that were asked for since the last call. */
export function pagesOf(server: TaxiiServer): number {
  return server.takeRequests().filter((path) => /\/objects\/(?:\?|$)/.test(path)).length;
}

function told(given: readonly Given[]): RawIndicator[] {
  return given.flatMap((each) => each.told);
}

import assert from 'node:assert/strict';
import { sameSet } from './compare.ts';
import type { Python } from './python.ts';
import { PASSWORD, type TaxiiServer, USER } from './server.ts';
import type { Package } from './stix1-data.ts';
import type { Row } from './table.ts';
import type { Tipline } from './tipline.ts';

export interface Reading {
  python: Python;
  server: TaxiiServer;
  tipline: Tipline;
  version: '1.0' | '1.1';
  collections: readonly string[];
}

export interface Expected {
  reading: string;
  loaded: string;
  /** Packages in the content blocks that the server has. */
  has: readonly Package[];
  /** Of them, those that it gives to a client that asks for all. */
  gives: readonly Package[];
  /** What is new to tipline. */
  fresh: readonly Package[];
}

interface ClientBlocks {
  blocks: number;
  values: string[];
}

/** One reading of a TAXII 1 server by both. Returns the row of the table when all is as expected, block for block and value for value. */
export async function readTaxii1(reading: Reading, expected: Expected): Promise<Row> {
  const { python, server, tipline, version, collections } = reading;
  const { has, gives, fresh } = expected;
  partsOf(server);
  const args = [`${server.origin}/services/discovery`, version, USER, PASSWORD, ...collections];
  const client = await python.read<ClientBlocks>('read_taxii1.py', args);
  const clientParts = partsOf(server);
  assert.equal(client.blocks, gives.length, 'blocks that cabby gets');
  sameSet(
    client.values,
    gives.flatMap(({ told }) => told.map(([, value]) => value)),
    'values in the blocks that cabby gets',
  );

  const { records, log, seconds } = await tipline.collect();
  sameSet(
    records.map(({ ref, indicator }) => `${ref} ${indicator}`),
    fresh.flatMap(({ told }) => told.map(([ref, value]) => `${ref} ${value}`)),
    `what tipline gets\n${log}`,
  );
  for (const { confidence, malware, tlp, ref } of records) {
    assert.deepEqual({ confidence, malware, tlp }, { confidence: 85, malware: ['Family A'], tlp: 'AMBER' }, ref);
  }
  return {
    server: `${server.name} ${server.version}`,
    protocol: `TAXII ${version}`,
    client: `cabby ${python.packages.get('cabby')}`,
    reading: expected.reading,
    loaded: expected.loaded,
    gives: has.length,
    clientGot: client.blocks,
    tiplineGot: `${new Set(records.map(({ context }) => context?.package)).size} of ${fresh.length}`,
    records: records.length,
    pages: `${clientParts}/${partsOf(server)}`,
    seconds,
  };
}

/** Polls and parts of results that were asked for since the last call. */
function partsOf(server: TaxiiServer): number {
  return server.takeRequests().filter((path) => path === '/services/poll').length;
}

import assert from 'node:assert/strict';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../../core/process/errors.ts';
import type { Stix2Options } from '../../../../ingest/formats/stix2/reader.ts';
import { stix2Records } from '../../../../ingest/formats/stix2/records.ts';
import { createTally, type TallyReport } from '../../../../ingest/tally.ts';

/** An object of STIX, with whatever a test puts into it. */
export type StixObject = { readonly type: string; readonly [name: string]: unknown };

export interface Told {
  records: RawIndicator[];
  report: TallyReport;
  error: TiplineError | undefined;
}

export async function* inPieces(text: string | Buffer, size = 64): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Reads a document to its end or break. */
export async function readText(text: string, options: Stix2Options = {}, size?: number): Promise<Told> {
  const tally = createTally();
  const records: RawIndicator[] = [];
  let error: TiplineError | undefined;
  try {
    for await (const batch of stix2Records(inPieces(text, size), options, tally)) records.push(...batch);
  } catch (thrown) {
    assert.ok(thrown instanceof TiplineError, String(thrown));
    error = thrown;
  }
  return { records, report: tally.take(), error };
}

/** Reads a bundle of these objects. */
export async function read(objects: readonly unknown[], options: Stix2Options = {}): Promise<Told> {
  return readText(JSON.stringify({ type: 'bundle', id: uuid('bundle', 0), objects }), options);
}

/** The one record of a bundle. */
export async function readOne(...objects: readonly unknown[]): Promise<RawIndicator> {
  const { records, error } = await read(objects);
  assert.equal(error, undefined);
  const [record] = records;
  assert.ok(record !== undefined && records.length === 1, `${records.length} records`);
  return record;
}

export function uuid(type: string, number: number): string {
  return `${type}--00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function indicator(fields: Readonly<Record<string, unknown>> = {}, number = 1): StixObject {
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: uuid('indicator', number),
    created: '2026-03-01T00:00:00.000Z',
    modified: '2026-03-02T00:00:00.000Z',
    pattern: "[domain-name:value = 'bad.example.org']",
    pattern_type: 'stix',
    valid_from: '2026-03-01T00:00:00Z',
    ...fields,
  };
}

/** Any other object with an id of its own. */
export function object(type: string, number: number, fields: Readonly<Record<string, unknown>> = {}): StixObject {
  return { type, spec_version: '2.1', id: uuid(type, number), ...fields };
}

export function indicates(target: StixObject, fields: Readonly<Record<string, unknown>> = {}, number = 1): StixObject {
  return object('relationship', number, {
    relationship_type: 'indicates',
    source_ref: uuid('indicator', 1),
    target_ref: target.id,
    ...fields,
  });
}

/** Without regard to order. */
export function sorted(records: readonly RawIndicator[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}

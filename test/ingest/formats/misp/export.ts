import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import type { MispOptions } from '../../../../ingest/formats/misp/options.ts';
import { mispRecords } from '../../../../ingest/formats/misp/records.ts';
import { createTally, type TallyReport } from '../../../../ingest/tally.ts';

export type Json = Record<string, unknown>;

export interface Reading {
  records: RawIndicator[];
  report: TallyReport;
  error: unknown;
}

/** Reads an export as one buffer, or in pieces of `cut` bytes. */
export async function readExport(
  told: unknown,
  options: MispOptions = {},
  cut = Number.POSITIVE_INFINITY,
): Promise<Reading> {
  const bytes = Buffer.from(typeof told === 'string' ? told : JSON.stringify(told));
  async function* pieces(): AsyncGenerator<Buffer> {
    if (cut === Number.POSITIVE_INFINITY) yield bytes;
    else for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const tally = createTally();
  const records: RawIndicator[] = [];
  let error: unknown;
  try {
    for await (const batch of mispRecords(pieces(), options, tally)) records.push(...batch);
  } catch (thrown) {
    error = thrown;
  }
  return { records, report: tally.take(), error };
}

export const STAMP = 1_700_000_000;
export const STAMP_ISO = '2023-11-14T22:13:20.000Z';

let count = 0;

export function uuid(): string {
  count += 1;
  return `00000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`;
}

export function attribute(type: string, value: unknown, more: Json = {}): Json {
  return {
    id: '1',
    type,
    category: 'Network activity',
    to_ids: true,
    uuid: uuid(),
    timestamp: String(STAMP),
    comment: '',
    deleted: false,
    first_seen: null,
    last_seen: null,
    value,
    ...more,
  };
}

export function event(attributes: Json[], more: Json = {}): Json {
  return {
    id: '7',
    info: 'A campaign',
    date: '2023-11-14',
    threat_level_id: '1',
    timestamp: String(STAMP),
    uuid: '11111111-2222-4333-8444-555555555555',
    Orgc: { id: '1', name: 'Example Org', uuid: '99999999-2222-4333-8444-555555555555' },
    Attribute: attributes,
    ...more,
  };
}

import { TiplineError } from '../../core/process/errors.ts';
import type { Versioned } from '../port.ts';
import type { BulkOperation } from './bulk-writer.ts';
import { createRoute } from './indicator-writes.ts';

/** The server's own two numbers for one write of one document; a later write has others. */
export interface WriteNumbers {
  if_seq_no: number;
  if_primary_term: number;
}

/** `version` of the port is `seq_no:primary_term`. */
export function parseVersion(version: string): WriteNumbers {
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(version);
  if (match === null) {
    throw new TiplineError('STORE_VERSION_UNKNOWN', `not a version of this store: ${version.slice(0, 40)}`, {
      retryable: false,
    });
  }
  return { if_seq_no: Number(match[1]), if_primary_term: Number(match[2]) };
}

export function formatVersion(seqNo: unknown, primaryTerm: unknown): string {
  if (typeof seqNo !== 'number' || typeof primaryTerm !== 'number') {
    throw new TiplineError('STORE_FAILED', 'Elasticsearch answers a document without its sequence number');
  }
  return `${seqNo}:${primaryTerm}`;
}

/** Writes the document if it still has that version, or if there is none (null). */
export function compareAndSet(
  index: string,
  id: string,
  version: string | null,
  document: Readonly<Record<string, unknown>>,
): BulkOperation {
  const body = Buffer.from(JSON.stringify(document));
  if (version === null) return { ...createRoute(index, id), document: body };
  const action = JSON.stringify({ index: { _index: index, _id: id, ...parseVersion(version) } });
  return { index, action, document: body };
}

/** What of an mget item or a hit is read here. */
export interface Stored {
  _seq_no?: unknown;
  _primary_term?: unknown;
}

export function versioned<T>(value: T, stored: Stored): Versioned<T> {
  return { value, version: formatVersion(stored._seq_no, stored._primary_term) };
}

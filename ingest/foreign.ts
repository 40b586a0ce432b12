import { isUtf8 } from 'node:buffer';
import { isFields } from '../core/contract/fields.ts';
import { type ForeignRecord, Unreadable } from './feed.ts';
import type { FeedSettings } from './settings.ts';

/** How the records of others are taken over. */
export interface Adoption {
  /** The feed's name. */
  name: string;
  /** Whether they may speak in the name of any source; else `source` becomes `feed/source`. */
  trustSource: boolean;
}

export function adoptionOf(settings: FeedSettings, trustedByDefault: boolean): Adoption {
  return { name: settings.name, trustSource: settings.trust_source ?? trustedByDefault };
}

/**
 * One line of JSON from somebody else. Whatever is no JSON object in valid UTF-8 comes back as Unreadable; nothing is lost.
 * `line` may be a view: what is kept is copied.
 */
export function adoptLine(line: Buffer, adoption: Adoption): ForeignRecord | Unreadable {
  // JSON.parse would see U+FFFD where the bytes are broken, and a changed indicator would pass for a real one
  if (!isUtf8(line)) return new Unreadable(Buffer.from(line));
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return new Unreadable(Buffer.from(line));
  }
  return isFields(value) ? adopt(value, adoption) : new Unreadable(Buffer.from(line));
}

/** One parsed value from somebody else, for files that are one JSON document. */
export function adoptValue(value: unknown, adoption: Adoption): ForeignRecord | Unreadable {
  return isFields(value) ? adopt(value, adoption) : new Unreadable(Buffer.from(JSON.stringify(value) ?? 'null'));
}

/** An object that was parsed, or what could not be. */
export function adoptRecord(record: ForeignRecord | Unreadable, adoption: Adoption): ForeignRecord | Unreadable {
  return record instanceof Unreadable ? record : adopt(record, adoption);
}

function adopt(record: ForeignRecord, { name, trustSource }: Adoption): ForeignRecord {
  // when it was read is ours to say: a wrong clock elsewhere would move a record into another day's index
  delete record.collected_at;
  const { source } = record;
  if (source === undefined || source === null || source === '') record.source = name;
  else if (!trustSource && source !== name && (typeof source === 'string' || typeof source === 'number')) {
    record.source = `${name}/${source}`;
  }
  return record;
}

import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { parseTlp } from '../../core/contract/tlp.ts';
import { typeFromAlias } from '../../core/indicator/alias.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { contextOf, textIn, timeIn, truthIn, wordsIn } from './fields.ts';

/**
 * The indicators of one pulse of AlienVault's OTX. All have the pulse's id as their ref and its last change as their timestamp, so that what
 * a later revision says of one of them replaces this.
 */
export function pulseRecords(pulse: Fields, tally: Tally): RawIndicator[] {
  const entries: readonly unknown[] = Array.isArray(pulse.indicators) ? pulse.indicators : [];
  const said = saidOf(pulse);
  return entries.flatMap((entry, index) => {
    if (!isFields(entry)) {
      tally.skip(index + 1, 'not a JSON object', 'malformed');
      return [];
    }
    const record = recordOf(entry, said);
    if (typeof record !== 'string') return [record];
    tally.skip(index + 1, record, textIn(entry, 'indicator') === undefined ? 'no_indicator' : 'unusable');
    return [];
  });
}

type Said = Omit<RawIndicator, 'indicator'>;

function saidOf(pulse: Fields): Said {
  const said: Said = {};
  const id = textIn(pulse, 'id');
  if (id !== undefined) {
    said.ref = id;
    said.event_id = id;
    said.reference = `https://otx.alienvault.com/pulse/${encodeURIComponent(id)}`;
  }
  const modified = timeIn(pulse, 'modified', 'created');
  if (modified !== undefined) {
    said.timestamp = modified;
    said.last_seen = modified;
  }
  const name = textIn(pulse, 'name');
  if (name !== undefined) said.description = name;
  const tags = wordsIn(pulse, 'tags');
  if (tags.length > 0) said.tags = tags;
  const tlp = parseTlp(textIn(pulse, 'TLP', 'tlp') ?? '');
  if (tlp !== undefined) said.tlp = tlp;
  const malware = namesIn(pulse, 'malware_families');
  if (malware.length > 0) said.malware = malware;
  const context = contextOf({
    author: textIn(pulse, 'author_name'),
    adversary: textIn(pulse, 'adversary'),
    industries: wordsIn(pulse, 'industries'),
    targeted_countries: wordsIn(pulse, 'targeted_countries'),
    attack_ids: namesIn(pulse, 'attack_ids'),
    references: wordsIn(pulse, 'references').slice(0, 3),
  });
  if (context !== undefined) said.context = context;
  return said;
}

/** Families and techniques come as names, or as objects with an id and a name. */
function namesIn(pulse: Fields, field: string): string[] {
  const value = pulse[field];
  if (!Array.isArray(value)) return [];
  return value.slice(0, 100).flatMap((each: unknown) => {
    if (isFields(each)) return textIn(each, 'id') === undefined ? [] : [textIn(each, 'display_name', 'id') ?? ''];
    return textIn({ each }, 'each') ?? [];
  });
}

function recordOf(entry: Fields, said: Said): RawIndicator | string {
  const indicator = textIn(entry, 'indicator');
  if (indicator === undefined) return 'no indicator';
  const told = textIn(entry, 'type') ?? '';
  const type = typeFromAlias(told);
  // YARA, FilePath, URI (a path without a host), JA3, BitcoinAddress, …
  if (type === undefined || (type === 'url' && !indicator.includes('://'))) {
    return `"${printable(told, 40)}" is no type of indicator that tipline knows`;
  }
  const record: RawIndicator = { indicator, type, ...said };
  const created = timeIn(entry, 'created');
  if (created !== undefined) {
    record.first_seen = created;
    record.last_seen = created;
  }
  const expiration = timeIn(entry, 'expiration');
  if (expiration !== undefined) record.valid_until = expiration;
  if (truthIn(entry, 'is_active') === false) record.revoked = true;
  const description = textIn(entry, 'title', 'description');
  if (description !== undefined)
    record.description = said.description === undefined ? description : `${said.description}: ${description}`;
  const role = textIn(entry, 'role');
  if (role !== undefined) record.categories = [role];
  return record;
}

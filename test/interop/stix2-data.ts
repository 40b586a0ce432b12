import { createHash } from 'node:crypto';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import type { Tlp } from '../../core/contract/tlp.ts';

export interface StixObject {
  type: string;
  id: string;
  modified?: string;
  [field: string]: unknown;
}

/** An object of STIX 2.1 with what tipline has to say of it; nothing, when it is no indicator. */
export interface Given {
  object: StixObject;
  told: readonly RawIndicator[];
}

const START = Date.parse('2026-01-05T08:00:00.000Z');
const DAY_MS = 86_400_000;
const FAMILIES = 6;

/** Markings of TLP 1, whose ids the standard fixes, and what they are called now. */
const MARKINGS: readonly (readonly [id: string, tlp: Tlp])[] = [
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', 'CLEAR'],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', 'GREEN'],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'AMBER'],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'RED'],
];

/** What indicators point to: a producer and families of malware. */
export function background(): Given[] {
  const families = Array.from({ length: FAMILIES }, (_, n) =>
    common('malware', `family ${n}`, START, { name: familyOf(n), is_family: true, malware_types: ['trojan'] }),
  );
  return [common('identity', 'producer', START, { name: 'Interop', identity_class: 'organization' }), ...families].map(
    (object) => ({ object, told: [] }),
  );
}

/** Marking definitions, which have no `modified`: of TLP, and one that an object below bears and a later page tells. */
export function markings(): Given[] {
  const tlp = MARKINGS.map(([id, level]) => ({
    type: 'marking-definition',
    spec_version: '2.1',
    id,
    created: '2017-01-20T00:00:00.000Z',
    definition_type: 'tlp',
    name: `TLP:${level === 'CLEAR' ? 'WHITE' : level}`,
    definition: { tlp: level === 'CLEAR' ? 'white' : level.toLowerCase() },
  }));
  return tlp.map((object) => ({ object, told: [] }));
}

/**
 * Indicators of all kinds with what is said of them: every second one indicates a family, every fifth was seen.
 * Later versions say the same with another `modified`; the third one takes the indicator back.
 */
export function indicators(from: number, to: number, version: 1 | 2 | 3 = 1): Given[] {
  return numbers(from, to).flatMap((n) => {
    const indicator = indicatorOf(n, version);
    return version === 1 ? [indicator, ...surroundingsOf(n, indicator.object)] : [indicator];
  });
}

/** Observables that no indicator speaks of, and then one each for indicators `from` … `to`, which tell their values already. */
export function observables(count: number, from: number, to: number): Given[] {
  const alone = numbers(0, count).map((n): Given => {
    const value = `198.19.${n >> 8}.${n & 255}`;
    const object = { type: 'ipv4-addr', spec_version: '2.1', id: idOf('ipv4-addr', `alone ${n}`), value };
    return { object, told: [{ indicator: value, type: 'ip', ref: object.id, tags: ['observable'] }] };
  });
  const covered = numbers(from, to).flatMap((n): Given[] =>
    indicatorOf(n, 1).told.map(({ indicator, type }, at) => {
      const object = { spec_version: '2.1', ...observableOf(type ?? '', indicator), id: '' };
      object.id = idOf(object.type, `covered ${n} ${at}`);
      return { object, told: [] };
    }),
  );
  return [...alone, ...covered];
}

/** What a server gives of these: of each object the newest version. */
export function newest(given: readonly Given[]): Given[] {
  const byId = new Map<string, Given>();
  for (const each of given) {
    const known = byId.get(each.object.id);
    if (known === undefined || (each.object.modified ?? '') > (known.object.modified ?? ''))
      byId.set(each.object.id, each);
  }
  return [...byId.values()];
}

/** How an object is named with its version, by us and by the scripts of the public clients. */
export function nameOf({ id, modified = '' }: StixObject): string {
  return `${id} ${modified}`.trimEnd();
}

function indicatorOf(n: number, version: 1 | 2 | 3): Given {
  const { pattern, leaves, composite } = patternOf(n);
  const created = START + n * 60_000;
  const modified = created + (version - 1) * DAY_MS;
  const [marking, tlp] = MARKINGS[n % MARKINGS.length] ?? ['', 'RED'];
  const object = common('indicator', `indicator ${n}`, created, {
    modified: new Date(modified).toISOString(),
    created_by_ref: idOf('identity', 'producer'),
    name: `Threat ${n}`,
    pattern,
    pattern_type: 'stix',
    valid_from: new Date(created).toISOString(),
    indicator_types: ['malicious-activity'],
    confidence: 40 + (n % 60),
    object_marking_refs: [marking],
    ...(version === 3 ? { revoked: true } : {}),
  });
  const told = leaves.map(
    ([type, indicator]): RawIndicator => ({
      indicator,
      type,
      ref: object.id,
      timestamp: object.modified ?? '',
      confidence: 40 + (n % 60),
      tlp,
      ...(version === 3 ? { revoked: true } : {}),
      ...(composite ? { composite: true } : {}),
      ...(n % 2 === 0 ? { malware: [familyOf(n % FAMILIES)] } : {}),
      ...(n % 5 === 0 ? { first_seen: seenAt(n) } : {}),
    }),
  );
  return { object, told };
}

function surroundingsOf(n: number, indicator: StixObject): Given[] {
  const said = START + n * 60_000;
  const around: StixObject[] = [];
  if (n % 2 === 0) {
    const target = idOf('malware', `family ${n % FAMILIES}`);
    const ends = { relationship_type: 'indicates', source_ref: indicator.id, target_ref: target };
    around.push(common('relationship', `relationship ${n}`, said, ends));
  }
  if (n % 5 === 0) {
    const seen = { sighting_of_ref: indicator.id, first_seen: seenAt(n), last_seen: seenAt(n + 60), count: 2 };
    around.push(common('sighting', `sighting ${n}`, said, seen));
  }
  return around.map((object) => ({ object, told: [] }));
}

interface Pattern {
  pattern: string;
  leaves: readonly (readonly [type: string, value: string])[];
  composite?: boolean;
}

/** Addresses, names and hashes that are nobody's. */
function patternOf(n: number): Pattern {
  const address = `198.18.${n >> 8}.${n & 255}`;
  const name = `host-${n}.example`;
  const url = `http://${name}/it's?n=${n}`;
  const [sha256, md5] = [digest('sha256', n), digest('md5', n)];
  switch (n % 8) {
    case 0:
      return { pattern: `[ipv4-addr:value = '${address}']`, leaves: [['ip', address]] };
    case 1:
      return { pattern: `[ipv6-addr:value = '2001:db8::${n}']`, leaves: [['ip', `2001:db8::${n}`]] };
    case 2:
      return { pattern: `[domain-name:value = '${name}']`, leaves: [['domain', name]] };
    case 3:
      return { pattern: `[url:value = '${url.replace("'", "\\'")}']`, leaves: [['url', url]] };
    case 4:
      return {
        pattern: `[file:hashes.'SHA-256' = '${sha256}' OR file:hashes.MD5 = '${md5}']`,
        leaves: [
          ['sha256', sha256],
          ['md5', md5],
        ],
      };
    case 5:
      return { pattern: `[email-addr:value = 'sender-${n}@${name}']`, leaves: [['email', `sender-${n}@${name}`]] };
    case 6:
      return {
        pattern: `[domain-name:value = '${name}'] FOLLOWEDBY [ipv4-addr:value = '${address}']`,
        leaves: [
          ['domain', name],
          ['ip', address],
        ],
        composite: true,
      };
    default:
      return {
        pattern: `[domain-name:value IN ('${name}', 'www.${name}')]`,
        leaves: [
          ['domain', name],
          ['domain', `www.${name}`],
        ],
      };
  }
}

function observableOf(type: string, value: string): { type: string; value?: string; hashes?: Record<string, string> } {
  switch (type) {
    case 'ip':
      return { type: value.includes(':') ? 'ipv6-addr' : 'ipv4-addr', value };
    case 'domain':
      return { type: 'domain-name', value };
    case 'url':
      return { type: 'url', value };
    case 'email':
      return { type: 'email-addr', value };
    case 'sha256':
      return { type: 'file', hashes: { 'SHA-256': value } };
    case 'md5':
      return { type: 'file', hashes: { MD5: value } };
    default:
      throw new Error(`no observable of the type ${type}`);
  }
}

function common(type: string, name: string, created: number, fields: Record<string, unknown>): StixObject {
  const time = new Date(created).toISOString();
  return { type, spec_version: '2.1', id: idOf(type, name), created: time, modified: time, ...fields };
}

function idOf(type: string, name: string): string {
  const hex = createHash('sha256').update(`${type} ${name}`).digest('hex');
  const version4 = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `${type}--${version4}`;
}

function digest(algorithm: 'sha256' | 'md5', n: number): string {
  return createHash(algorithm).update(`file ${n}`).digest('hex');
}

function familyOf(n: number): string {
  return `Family ${'ABCDEF'[n] ?? n}`;
}

function seenAt(n: number): string {
  return new Date(START + 10 * DAY_MS + n * 60_000).toISOString();
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

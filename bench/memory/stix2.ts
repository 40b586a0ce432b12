import { type Document, timesIn } from './document.ts';
import { address, hex, stamped } from './stamped.ts';
import { author } from './words.ts';

/** One of each, in this order, again and again. */
const CYCLE = [
  'sighting',
  'relationship',
  'indicator',
  'indicator',
  'relationship',
  'indicator',
  'observable',
  'indicator',
] as const;
const CYCLES = 400;
/** Relations and sightings point so many cycles ahead: into this block and into the next. */
const AHEAD = 150;
const MALWARE = 50;

/** A bundle in which relations and sightings stand before the indicators they speak of, and what all refer to stands at the end. */
export function stix2Bundle(size: number): Document {
  const { sentence, oneOf, digits, below } = author(12);
  const tail = '4a0c-8f6e-0123456789ab';
  const malware = (n: number): string => `malware--${(n + 16).toString(16).padStart(8, '0')}-aaaa-${tail}`;
  const marking = `marking-definition--00000001-bbbb-${tail}`;
  const identity = `identity--00000001-cccc-${tail}`;
  const time = (n: number): string => new Date(Date.UTC(2026, 10, 20) - (n % 80_000) * 1000).toISOString();
  const common = (type: string, n: number): object => ({
    type,
    spec_version: '2.1',
    id: `${type}--${hex(n)}-dddd-${tail}`,
    created_by_ref: identity,
    created: time(n + 1000),
    modified: time(n),
  });
  const at = CYCLE.map((what, place) => ({ what, place })).filter(({ what }) => what === 'indicator');
  /** An indicator that comes later. */
  const ahead = (n: number): string =>
    `indicator--${hex(n - (n % CYCLE.length) + AHEAD * CYCLE.length + oneOf(at).place)}-dddd-${tail}`;

  function indicator(n: number): object {
    const host = `${oneOf(['cdn', 'mail', 'login'])}-${hex(n)}.example`;
    const pattern = oneOf([
      `[ipv4-addr:value = '${address(n)}']`,
      `[domain-name:value = '${host}']`,
      `[url:value = 'http://${host}/${digits(8)}/index.php']`,
      `[file:hashes.'SHA-256' = '${hex(n)}${digits(56)}']`,
      `[file:hashes.MD5 = '${hex(n)}${digits(24)}']`,
    ]);
    return {
      ...common('indicator', n),
      name: sentence(4),
      description: sentence(10 + below(12)),
      indicator_types: ['malicious-activity'],
      pattern,
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: time(n),
      kill_chain_phases: [{ kill_chain_name: 'lockheed-martin-cyber-kill-chain', phase_name: 'delivery' }],
      labels: [oneOf(['botnet', 'phishing', 'ransomware'])],
      confidence: 30 + below(70),
      object_marking_refs: [marking],
      external_references: [{ source_name: 'report', url: `https://intel.example.org/reports/${digits(12)}` }],
    };
  }

  const elements = stamped(CYCLES * CYCLE.length, (n) => {
    const what = CYCLE[n % CYCLE.length];
    switch (what) {
      case 'indicator':
        return `,${JSON.stringify(indicator(n))}`;
      case 'relationship':
        return `,${JSON.stringify({ ...common(what, n), relationship_type: 'indicates', source_ref: ahead(n), target_ref: malware(below(MALWARE)) })}`;
      case 'sighting':
        return `,${JSON.stringify({ ...common(what, n), first_seen: time(n + 500), last_seen: time(n), count: 1 + below(9), sighting_of_ref: ahead(n) })}`;
      case 'observable':
        return `,${JSON.stringify({ type: 'ipv4-addr', spec_version: '2.1', id: `ipv4-addr--${hex(n)}-dddd-${tail}`, value: address(n) })}`;
      default:
        throw new Error('there is no such element');
    }
  });

  const times = timesIn(size, elements.bytes);
  return {
    contentType: 'application/json',
    records: times * CYCLES * (at.length + 1),
    *pieces() {
      yield Buffer.from(`{"type":"bundle","id":"bundle--00000001-eeee-${tail}","objects":[`);
      for (let n = 0; n < times; n += 1) yield n === 0 ? elements.next().subarray(1) : elements.next();
      const last: object[] = [
        { type: 'identity', spec_version: '2.1', id: identity, name: 'CERT', identity_class: 'organization' },
        {
          type: 'marking-definition',
          spec_version: '2.1',
          id: marking,
          definition_type: 'tlp',
          definition: { tlp: 'green' },
        },
      ];
      for (let n = 0; n < MALWARE; n += 1)
        last.push({
          type: 'malware',
          spec_version: '2.1',
          id: malware(n),
          name: `Family ${n}`,
          is_family: true,
          malware_types: ['trojan'],
        });
      yield Buffer.from(`${last.map((each) => `,${JSON.stringify(each)}`).join('')}]}`);
    },
  };
}

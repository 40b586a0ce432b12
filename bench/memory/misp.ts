import { type Document, timesIn } from './document.ts';
import { address, hex, stamped } from './stamped.ts';
import { author } from './words.ts';

const ATTRIBUTES = 2000;
const OBJECTS = 500;
/** Of an object and its attributes. */
const NUMBERS = 4;

/** One event: attributes for one half of it, file objects for the other, and behind both the tags that bind them all. */
export function mispEvent(size: number): Document {
  const { sentence, oneOf, digits, below } = author(11);
  let forDetection = 0;

  function attribute(n: number, type: string, category: string, value: string, more: object = {}): string {
    return JSON.stringify({
      id: `${1000 + n}`,
      event_id: '77',
      object_id: '0',
      object_relation: null,
      category,
      type,
      to_ids: true,
      uuid: `${hex(n)}-4f1b-4c33-9c1a-${digits(12)}`,
      timestamp: `${1_763_000_000 + (n % 90_000)}`,
      distribution: '5',
      sharing_group_id: '0',
      comment: n % 3 === 0 ? sentence(6) : '',
      deleted: false,
      disable_correlation: false,
      first_seen: null,
      last_seen: null,
      value,
      Galaxy: [],
      ShadowAttribute: [],
      ...more,
    });
  }

  const attributes = stamped(ATTRIBUTES, (n) => {
    const host = `${oneOf(['cdn', 'mail', 'login'])}-${hex(n)}.example`;
    const [type, category, value] = oneOf([
      ['ip-dst', 'Network activity', address(n)],
      ['domain', 'Network activity', host],
      ['url', 'Network activity', `http://${host}/${digits(8)}/gate.php?id=${digits(6)}`],
      ['sha256', 'Payload delivery', hex(n) + digits(56)],
      ['md5', 'Payload delivery', hex(n) + digits(24)],
      ['text', 'Other', `${hex(n)} ${sentence(9)}`],
    ] as const);
    if (type !== 'text') forDetection += 1;
    const tags = [{ id: '3', name: oneOf(['type:OSINT', 'kill-chain:Delivery', 'tlp:green']), colour: '#004646' }];
    return `,${attribute(n, type, category, value, n % 4 === 0 ? { Tag: tags } : {})}`;
  });

  const objects = stamped(OBJECTS * NUMBERS, (n) => {
    if (n % NUMBERS !== 0) return '';
    // far behind those of the attributes
    const own = (part: number): number => 100_000_000 + n + part;
    const inside = [
      ['md5', 'md5', hex(own(0)) + digits(24)],
      ['sha256', 'sha256', hex(own(1)) + digits(56)],
      ['filename', 'filename', `${sentence(1)}-${below(100)}.exe`],
    ] as const;
    return `,${JSON.stringify({
      id: `${n}`,
      name: 'file',
      'meta-category': 'file',
      description: 'File object describing a file with meta-information',
      template_uuid: '688c46fb-5edb-40a3-8273-1af7923e2215',
      template_version: '24',
      event_id: '77',
      uuid: `${hex(own(3))}-9f1b-4c33-9c1a-${digits(12)}`,
      timestamp: '1763000000',
      distribution: '5',
      comment: '',
      deleted: false,
      ObjectReference: [],
      Attribute: inside.map(([relation, type, value], part) =>
        JSON.parse(attribute(own(part), type, 'Payload delivery', value, { object_relation: relation })),
      ),
    })}`;
  });

  const timesOfAttributes = timesIn(size / 2, attributes.bytes);
  const timesOfObjects = timesIn(size / 2, objects.bytes);
  return {
    contentType: 'application/json',
    records: timesOfAttributes * forDetection + timesOfObjects * OBJECTS * 2,
    *pieces() {
      yield Buffer.from(
        `{"Event":{"id":"77","orgc_id":"1","date":"2026-11-20","threat_level_id":"1","info":"Weekly collection","published":true,"uuid":"5f1b4c33-0001-4c33-9c1a-000000000077","timestamp":"1763100000","Orgc":{"id":"1","name":"CERT"},"Attribute":[`,
      );
      for (let n = 0; n < timesOfAttributes; n += 1) yield n === 0 ? attributes.next().subarray(1) : attributes.next();
      yield Buffer.from('],"ShadowAttribute":[],"RelatedEvent":[],"Galaxy":[],"Object":[');
      for (let n = 0; n < timesOfObjects; n += 1) yield n === 0 ? objects.next().subarray(1) : objects.next();
      yield Buffer.from(
        '],"EventReport":[],"Tag":[{"id":"1","name":"tlp:amber"},{"id":"2","name":"osint:source-type=\\"technical-report\\""}]}}',
      );
    },
  };
}

/**
 * Makes small MaxMind DB files for tests, by the format's published description (version 2.0, records of 24 bits).
 */
type Value = string | number | { double: number } | Value[] | { [key: string]: Value };

export interface Network {
  /** `81.2.69.0/24` or `2001:db8::/32` as bits: the first bits of the address. */
  bits: string;
  record: Value;
}

/** Bits of an IPv4 network for a v4 tree; prefix them with 96 zeros for a tree of IPv6. */
export function bits4(cidr: string): string {
  const [ip = '', length = '32'] = cidr.split('/');
  return ip
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, Number(length));
}

interface Node {
  children: [Node | number | null, Node | number | null];
  index: number;
}

export function writeMmdb(networks: readonly Network[], ipVersion: 4 | 6, databaseType = 'Test-City'): Buffer {
  const data: Buffer[] = [];
  let dataLength = 0;
  const root: Node = { children: [null, null], index: 0 };
  for (const { bits, record } of networks) {
    const encoded = encode(record);
    put(root, ipVersion === 6 && bits.length <= 32 ? '0'.repeat(96) + bits : bits, dataLength);
    data.push(encoded);
    dataLength += encoded.length;
  }
  const nodes: Node[] = [];
  number(root, nodes);
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((node, index) => {
    node.children.forEach((child, side) => {
      const value = child === null ? nodes.length : typeof child === 'number' ? nodes.length + 16 + child : child.index;
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    });
  });
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: databaseType,
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

function put(root: Node, bits: string, offset: number): void {
  let node = root;
  for (let i = 0; i < bits.length; i += 1) {
    const side = bits[i] === '1' ? 1 : 0;
    if (i === bits.length - 1) {
      node.children[side] = offset;
      return;
    }
    const next = node.children[side];
    if (typeof next === 'object' && next !== null) node = next;
    else {
      const fresh: Node = { children: [null, null], index: 0 };
      node.children[side] = fresh;
      node = fresh;
    }
  }
}

function number(node: Node, nodes: Node[]): void {
  node.index = nodes.length;
  nodes.push(node);
  for (const child of node.children) if (typeof child === 'object' && child !== null) number(child, nodes);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'number') {
    const hex = value.toString(16);
    const bytes = value === 0 ? Buffer.alloc(0) : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    return Buffer.concat([control(bytes.length <= 4 ? 6 : 9, bytes.length), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  if ('double' in value && typeof value.double === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value.double);
    return Buffer.concat([control(3, 8), bytes]);
  }
  const entries = Object.entries(value as { [key: string]: Value });
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])]);
}

/** Types above 7 are written as type 0 with a second byte; sizes up to 28 fit into the first, up to 284 into one more. */
function control(type: number, size: number): Buffer {
  const [inFirst, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return type <= 7 ? Buffer.from([(type << 5) | inFirst, ...more]) : Buffer.from([inFirst, type - 7, ...more]);
}

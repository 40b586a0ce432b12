import { type Document, timesIn } from './document.ts';
import { address, hex, stamped } from './stamped.ts';
import { author } from './words.ts';

const ROWS = 4000;

/** A dump as abuse.ch writes it: a comment that explains, then rows of quoted cells. */
export function csvDump(size: number): Document {
  const { sentence, oneOf, digits, below } = author(14);
  const rows = stamped(ROWS, (n) => {
    const host = `${oneOf(['cdn', 'mail', 'login'])}-${hex(n)}.example`;
    const [type, value] = oneOf([
      ['url', `http://${host}/${digits(8)}/gate.php?id=${digits(6)}`],
      ['domain', host],
      ['ip', address(n)],
      ['sha256', hex(n) + digits(56)],
      ['md5', hex(n) + digits(24)],
    ] as const);
    const cells = [
      `2026-11-${10 + below(10)} 1${below(10)}:${10 + below(50)}:00`,
      `${1_000_000 + below(9_000_000)}`,
      value,
      type,
      oneOf(['botnet_cc', 'payload_delivery', 'payload']),
      `win.${oneOf(['family', 'loader', 'stealer'])}`,
      `${50 + 25 * below(3)}`,
      `https://intel.example.org/ioc/${digits(12)}/`,
      `${sentence(1)},${sentence(1)}`,
      '0',
      'analyst',
    ];
    return `${cells.map((cell) => `"${cell}"`).join(', ')}\n`;
  });
  const times = timesIn(size, rows.bytes);
  return {
    contentType: 'text/csv',
    records: times * ROWS,
    *pieces() {
      yield Buffer.from(
        '################################\n# Recent indicators            #\n################################\n#\n# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","malware","confidence_level","reference","tags","anonymous","reporter"\n',
      );
      for (let n = 0; n < times; n += 1) yield rows.next();
    },
  };
}

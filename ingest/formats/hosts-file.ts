import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { canonicalIp, parseIp } from '../../core/indicator/address.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { lineRecords } from './line-records.ts';

/** The names that hosts files give the machine itself and its networks; they stand at the head of every one. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost4.localdomain4',
  'localhost6',
  'localhost6.localdomain6',
  'local',
  'broadcasthost',
  'loopback',
  'ip6-localhost',
  'ip6-loopback',
  'ip6-localnet',
  'ip6-mcastprefix',
  'ip6-allnodes',
  'ip6-allrouters',
  'ip6-allhosts',
  '0.0.0.0',
]);

/** Host names to be blocked, as hosts(5) has them: an address that leads nowhere, and one name or several behind it. */
export function hostsFileRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      const hash = line.indexOf('#');
      const [address, ...names] = (hash === -1 ? line : line.slice(0, hash)).split(/\s+/).filter((word) => word !== '');
      if (address === undefined) return;
      const blocked = names.filter((name) => !OWN_NAMES.has(name.toLowerCase()));
      if (names.length === 0) tally.skip(number, 'an address without a name', 'no_indicator');
      else if (blocked.length > 0 && !leadsNowhere(address)) {
        tally.skip(number, `${printable(address, 45)} is no address that blocks: 0.0.0.0, 127.0.0.0/8, :: or ::1 is`);
      } else {
        for (const name of blocked) {
          if (name.includes('.') && canonicalIp(name) === undefined) add({ indicator: name, type: 'domain' });
          else tally.skip(number, `${printable(name, 40)} is no domain`);
        }
      }
    },
    tally,
  );
}

/** True for the unspecified and the loopback addresses: what is sent to such a name stays on the machine. */
export function leadsNowhere(address: string): boolean {
  const bytes = parseIp(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 0 || bytes[0] === 127;
  return bytes.every((byte, at) => byte === 0 || (at === 15 && byte === 1));
}

import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { canonicalDomain } from '../../core/indicator/domain.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { leadsNowhere } from './hosts-file.ts';
import { lineRecords } from './line-records.ts';

/** `address=/a.example/b.example/0.0.0.0`: the names, and where questions for them go. */
export const DNSMASQ_RULE = /^(address|server|local)=\/([^\s]+)\/([^\s/]*)$/;

/**
 * Names that dnsmasq(8) is told to answer with nothing: `address=/a.example/` and `/0.0.0.0` or `/#` behind it, `server=/a.example/` and
 * `local=/a.example/`, several names in one line. A rule that sends a name somewhere (`server=/a.example/192.0.2.53`) is no block, and is counted.
 */
export function dnsmasqRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      const text = line.replace(/(?:^|\s)#.*$/, '').trim();
      if (text === '') return;
      const [, verb, names, to] = DNSMASQ_RULE.exec(text) ?? [];
      if (verb === undefined || names === undefined || to === undefined) {
        tally.skip(number, `"${printable(text, 60)}" is no rule that blocks a name`);
        return;
      }
      // `#` means any zero address to address=, and the usual servers to server=
      if (!(to === '' || (verb === 'address' && (to === '#' || leadsNowhere(to))))) {
        tally.skip(number, `"${printable(text, 60)}" sends the name somewhere`);
        return;
      }
      for (const name of names.split('/')) {
        if (canonicalDomain(name) === undefined) tally.skip(number, `"${printable(name, 60)}" is no domain`);
        else add({ indicator: name, type: 'domain' });
      }
    },
    tally,
  );
}

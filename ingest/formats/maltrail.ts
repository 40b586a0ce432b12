import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { inferType } from '../../core/indicator/infer.ts';
import { refang } from '../../core/indicator/refang.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { withoutTrailingComment } from './comments.ts';
import { lineRecords } from './line-records.ts';

const REMARK = /^#\s*(Reference|Aliases?)s?:\s*(\S.*)$/i;
const MOST_ALIASES = 10;

/** True for the beginning of a file of trails: it says whose it is, or tells its references as they all do. */
export function isMaltrail(lines: readonly string[]): boolean {
  return isMaltrailsOwn(lines) || lines.some((line) => /^# Reference: \S/.test(line));
}

/** True for the files that come with it. */
export function isMaltrailsOwn(lines: readonly string[]): boolean {
  return lines.slice(0, 5).some((line) => /^# Copyright .*Maltrail developers/.test(line));
}

/**
 * Trails of Maltrail: a domain, an address with a port or without, or a URL in each line, in blocks below `# Reference: …`, which goes with them; the
 * names that `# Aliases: …` tells are those of the malware. Paths without a host and user agents are counted.
 */
export function maltrailRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  let reference: string | undefined;
  let malware: string[] = [];
  /** The first reference of a block is the report; the others are mostly look-ups. */
  let begun = false;
  return lineRecords(
    bytes,
    (line, number, add) => {
      const text = line.trim();
      if (text === '') return;
      if (text.startsWith('#')) {
        const [, what, told = ''] = REMARK.exec(text) ?? [];
        if (what === undefined) return;
        if (/^alias/i.test(what)) malware = aliasesIn(told);
        else if (begun || reference === undefined) {
          reference = /^https?:\/\/\S+/.exec(told)?.[0];
          begun = false;
        }
        return;
      }
      begun = true;
      const trail = withoutTrailingComment(text, ['#']);
      const type = inferType(refang(trail));
      if (type === undefined) {
        tally.skip(number, `"${printable(trail, 60)}" names no host`, 'no_indicator');
        return;
      }
      add({
        indicator: trail,
        type,
        ...(reference === undefined ? {} : { reference }),
        ...(malware.length === 0 ? {} : { malware: [...malware] }),
      });
    },
    tally,
  );
}

function aliasesIn(told: string): string[] {
  const names = told.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return names.slice(0, MOST_ALIASES);
}

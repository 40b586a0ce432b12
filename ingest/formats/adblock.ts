import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { canonicalDomain } from '../../core/indicator/domain.ts';
import { inferType } from '../../core/indicator/infer.ts';
import { refang } from '../../core/indicator/refang.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { leadsNowhere } from './hosts-file.ts';
import { lineRecords } from './line-records.ts';

/** A rule for a whole host: `||ads.example^`, with options behind it or not. */
const HOST_RULE = /^\|\|([^\s/^*$|]{1,253})\^?(?:\$(.{1,500}))?$/;
/** Options that leave a rule one for all of the host. Others (`domain=`, `denyallow=`, `badfilter`, …) make it one for some visitors or pages. */
const WHOLE_HOST: ReadonlySet<string> = new Set(
  'important all document doc popup third-party 3p network subdocument script image xmlhttprequest websocket other'.split(
    ' ',
  ),
);
/** `||ads.example^` and `||192.0.2.1^`, which no other kind of list has. */
export const ADBLOCK_RULE = /^(?:@@)?\|\|[^\s/^*]+\^/;
/** `*.a.example`, alone in its line. */
export const WILDCARD = /^\*\.([^\s*/^$|]{1,253})$/;
/** What else stands in such lists: remarks, the name of the dialect, exceptions, rules for parts of a page. */
export const ADBLOCK_OTHER = /^(?:!|\[(?:Adblock|uBlock|AdGuard)|@@|[^\s#]*#[@?$%]*#|\|\|?)/i;

/**
 * Lists of blockers in browsers and name servers, as Adblock Plus, uBlock Origin and AdGuard read them: the hosts that are blocked whole, an
 * address to be opened nowhere (`|http://a.example/x|`), and the bare domains, `*.a.example`, and lines of a hosts file that such lists have between them.
 * Exceptions, rules for parts of a page and those with wildcards say nothing of a host, and are counted.
 */
export function adblockRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      const rule = line.trim();
      if (rule === '' || rule.startsWith('!') || /^\[[^\]]{0,80}\]$/.test(rule) || /^#(?![#@?$%])/.test(rule)) return;
      const record = readRule(rule);
      if (typeof record === 'object') add(record);
      else tally.skip(number, `${record}: "${printable(rule, 60)}"`);
    },
    tally,
  );
}

/** A record, or why the rule gives none. */
function readRule(rule: string): RawIndicator | string {
  if (rule.startsWith('@@')) return 'an exception';
  if (/#[@?$%]*#/.test(rule)) return 'a rule for a part of a page';
  const [, host, options] = HOST_RULE.exec(rule) ?? [];
  if (host !== undefined) {
    const narrow = options?.split(',').find((option) => !WHOLE_HOST.has(option.trim().toLowerCase()));
    if (narrow !== undefined) return 'a rule for some pages alone';
    return hostRecord(host) ?? 'no host';
  }
  const [, url] = /^\|(https?:\/\/[^\s|*^]{1,2000})\|$/i.exec(rule) ?? [];
  if (url !== undefined) return { indicator: url, type: 'url' };
  // of lists of name servers, where it stands for a name and all below it
  const below = WILDCARD.exec(refang(rule))?.[1];
  if (below !== undefined) return hostRecord(below) ?? 'a pattern';
  const [first = '', second, more] = rule.split(/\s+/);
  if (second === undefined) return hostRecord(refang(first)) ?? urlRecord(first) ?? 'a pattern';
  return more === undefined && leadsNowhere(first) ? (hostRecord(second) ?? 'a pattern') : 'a pattern';
}

function urlRecord(text: string): RawIndicator | undefined {
  const url = refang(text);
  return url.includes('://') && inferType(url) === 'url' ? { indicator: url, type: 'url' } : undefined;
}

function hostRecord(host: string): RawIndicator | undefined {
  if (inferType(host) === 'ip') return { indicator: host, type: 'ip' };
  return canonicalDomain(host) === undefined ? undefined : { indicator: host, type: 'domain' };
}

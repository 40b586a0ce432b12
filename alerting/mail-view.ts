import { parseTlp } from '../core/contract/tlp.ts';
import { formatDuration } from '../core/process/duration.ts';
import type { AlertRow } from '../store/port.ts';
import { cleanProse, cleanValue } from './clean.ts';
import type { Digest, Tally } from './digest.ts';

/** What a mail says beside its rows. */
export interface MailFacts {
  threshold: number;
  /** Milliseconds. */
  repeatAfter: number;
  /** Epoch ms. */
  at: number;
}

/** A mail ready to be laid out: every text in it is cleaned, capped and free of live links. Neither layout looks at a feed's text itself. */
export interface MailView {
  /** `12 indicators above 80`. */
  headline: string;
  /** `TLP:AMBER`, of what is listed. */
  marking: string | undefined;
  /** `2026-01-15 03:15 UTC`. */
  at: string;
  /** Label and text of the lines above the list. */
  summary: readonly (readonly [string, string])[];
  entries: readonly EntryView[];
  /** Said below the list when it is not complete. */
  more: string | undefined;
  footer: string;
}

export interface EntryView {
  score: number;
  value: string;
  type: string;
  /** `NEW` or `AGAIN`. */
  mark: string;
  /** Label and text of what is known. */
  facts: readonly (readonly [string, string])[];
}

export function viewOf(digest: Digest, { threshold, repeatAfter, at }: MailFacts): MailView {
  const { total, again, top, tlp } = digest;
  const fresh = total - again;
  const summary: [string, string][] = [
    ['Alerts', again === 0 ? `${number(fresh)} new` : `${number(fresh)} new, ${number(again)} again`],
    ['Types', tallies(digest.types)],
    ['Sources', tallies(digest.sources)],
  ];
  return {
    headline: `${number(total)} ${total === 1 ? 'indicator' : 'indicators'} above ${threshold}`,
    marking: tlp === undefined ? undefined : `TLP:${tlp}`,
    at: moment(at),
    summary: summary.filter(known),
    entries: top.map(entryOf),
    more:
      total > top.length
        ? `Listed are the ${number(top.length)} with the highest score of ${number(total)}${digest.feeds > 1 ? ', of each feed its share' : ''}. The other ${number(total - top.length)} ` +
          `are in the store: search for status active and a score above ${threshold}.`
        : undefined,
    footer:
      `Sent by tipline: a live source gives each of these a score strictly above ${threshold}. An indicator is mailed again when it ` +
      `becomes active anew, or is still reported after ${formatDuration(repeatAfter)}. Values are defanged.`,
  };
}

function entryOf(alert: AlertRow): EntryView {
  const tlp = parseTlp(alert.tlp ?? '');
  const where = [alert.country, alert.as].map((part) => cleanProse(part ?? '', 120)).filter((part) => part !== '');
  const facts: [string, string][] = [
    ['Score', cleanProse(alert.why, 160)],
    ['Sources', sourceList(alert.sources)],
    ['Feed', feedOf(alert)],
    ['Where', where.join(', ')],
    ['Seen', span(readTime(alert.first_seen), readTime(alert.last_seen))],
    ['Expires', readTime(alert.expires_at)],
    ['Malware', list(alert.malware ?? [])],
    ['Tags', list(alert.tags)],
    ['Marking', tlp === undefined ? '' : `TLP:${tlp}`],
    ['About', cleanProse(alert.description ?? '', 240)],
  ];
  return {
    score: alert.threat_score,
    value: cleanValue(alert, 240),
    type: cleanProse(alert.type, 20),
    mark: alert.again ? 'AGAIN' : 'NEW',
    facts: facts.filter(known),
  };
}

function known([, text]: readonly [string, string]): boolean {
  return text !== '';
}

/** Said where it tells more than the source does. */
function feedOf({ feed = '', outside, sources }: AlertRow): string {
  if (outside === true) return `${cleanProse(feed, 60)}: sent by outsiders, blocks nothing`;
  return feed === sources[0] ? '' : cleanProse(feed, 60);
}

/** The first one gives the score. */
function sourceList(sources: readonly string[]): string {
  const [first, ...others] = sources;
  if (first === undefined || others.length === 0) return list(sources);
  return `${cleanProse(first, 60)} (this score), ${list(others)}`;
}

/** Names of a list, the first eight of them. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => cleanProse(name, 60));
  const rest = names.length - shown.length;
  return shown.filter((name) => name !== '').join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function tallies(counts: readonly Tally[]): string {
  return counts.map(({ name, count }) => `${cleanProse(name, 40)} ${number(count)}`).join(', ');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `2026-01-15 03:15 UTC`; empty for what is no time. */
function readTime(text: string | undefined): string {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? '' : moment(at);
}

function span(first: string, last: string): string {
  return first === '' || last === '' || first === last ? last || first : `${first} to ${last}`;
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { urlHost } from '../../../core/indicator/url.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { decodedText } from './decode.ts';
import { findIn, MOST_BEFORE, MOST_BEHIND } from './find.ts';
import { htmlText } from './html.ts';
import { createLinePlace } from './line-place.ts';
import { rearmed } from './rearm.ts';
import { createRecent } from './recent.ts';
import { windows } from './windows.ts';

export interface FreeTextOptions {
  /** Take only what the author has disarmed (`evil[.]example`), and what nobody disarms: hashes, CVE ids and the like. */
  onlyDisarmed?: boolean;
  /** The text is a list of words that are hardly ever indicators: one that reads like a name does so by chance, unless somebody disarmed it. */
  wordList?: boolean;
  /** The host that the text was fetched from: its own pages are no indicators. */
  ownHost?: string;
}

const WINDOW = { size: 64 * 1024, before: MOST_BEFORE, after: MOST_BEHIND };
/** Types that are written disarmed where they are meant as indicators. */
const DISARMABLE: ReadonlySet<string> = new Set(['ip', 'cidr', 'domain', 'url', 'email']);

/** Types that a word with a dot in it may look like. */
const BY_CHANCE: ReadonlySet<string> = new Set(['domain', 'email']);

/**
 * Indicators in prose: reports, mails, posts. Each is given once (within the last 100,000), in the order of the text, without what made
 * it harmless. Nothing is taken but what reads like an indicator where it stands: file names, versions, times, names of
 * libraries are left alone; of comments nothing is taken but what the author has disarmed, and what nobody disarms. What was disarmed and is
 * none after all is counted.
 */
export function textRecords(
  bytes: AsyncIterable<Buffer>,
  options: FreeTextOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  return recordsOf(decodedText(bytes), options, true, tally);
}

/** The same for a page: its visible text, and where its links lead. */
export function htmlRecords(
  bytes: AsyncIterable<Buffer>,
  options: FreeTextOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  return recordsOf(htmlText(decodedText(bytes)), options, false, tally);
}

async function* recordsOf(
  pieces: AsyncIterable<string>,
  { onlyDisarmed = false, wordList = false, ownHost }: FreeTextOptions,
  comments: boolean,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const given = createRecent();
  const place = createLinePlace();
  /** Characters of the next window that belong to what was found at the end of this one. */
  let taken = 0;
  let ended = 0;
  for await (const { text, from, to } of windows(rearmed(pieces), WINDOW)) {
    place.move({ text, from }, ended);
    ended = to;
    let batch: RawIndicator[] = [];
    let end = from;
    for (const found of findIn(text, Math.min(from + taken, text.length), to)) {
      end = found.end;
      if (found.kind === 'other') continue;
      const { line, comment } = place.at(found.at);
      const aside = comments && comment;
      if (found.kind === 'refused') {
        if (!aside) tally.skip(line, found.reason);
        continue;
      }
      if ((onlyDisarmed || aside) && !found.disarmed && DISARMABLE.has(found.type)) continue;
      if (wordList && !found.disarmed && BY_CHANCE.has(found.type)) {
        tally.skip(
          line,
          `"${printable(found.text, 60)}" stands in a list of words; disarmed, as x[.]example, it counts`,
        );
        continue;
      }
      const canonical = canonicalise(found.text, found.type);
      if (!canonical.ok) {
        tally.skip(line, `"${printable(found.text, 60)}": ${canonical.message}`);
        continue;
      }
      const { type, value } = canonical.indicator;
      if (ownHost !== undefined && (type === 'url' ? urlHost(value) : value) === ownHost) continue;
      if (!given.add(`${type} ${value}`)) continue;
      batch.push({ indicator: found.text, type });
      if (batch.length < PAGE_RECORDS) continue;
      yield batch;
      batch = [];
    }
    taken = Math.max(0, end - to);
    if (batch.length > 0) yield batch;
  }
}

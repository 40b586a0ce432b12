import { z } from 'zod';
import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { reached } from '../../core/process/config/hosts.ts';
import { size } from '../../core/process/config/values.ts';
import type { Clock } from '../clock.ts';
import { defineFeed, type PollContext } from '../feed.ts';
import { FetchError } from '../fetch/fetch-error.ts';
import { contextOf, textIn, timeIn, truthIn } from '../formats/fields.ts';
import { jsonRows, rowRecords } from '../formats/rows.ts';
import { listText } from '../formats/text.ts';
import { milliseconds, sourceUrl } from '../setting-values.ts';
import { wholeListKeys } from '../settings.ts';
import { pollWholeList } from './whole-list.ts';

const DATABASES = 'https://data.phishtank.com/data/';

const schema = z.strictObject({
  ...wholeListKeys,
  type: z.literal('phishtank'),
  app_key: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9]+$/, 'must be the application key of your account at https://phishtank.org/developer_info.php')
    .optional()
    .describe('Your application key; without one the database is given out a few times a day, or not at all.'),
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,60}$/, 'must be a name of letters, digits, dots and dashes')
    .default('tipline')
    .describe('Your user name there: PhishTank asks that every request says whose it is.'),
  url: reached(sourceUrl.optional(), [DATABASES]).describe(
    'Address of the database in JSON; without it that of PhishTank, with the key in it.',
  ),
  every: milliseconds.default(6 * 3_600_000).describe('How often it is asked; the database changes every hour.'),
  max_size: size.default(512 * 1024 ** 2).describe('Cap on the database.'),
});

/** PhishTank: URLs of phishing that people have looked at and that answer now. */
export const phishtank = defineFeed({
  type: 'phishtank',
  schema,
  secrets: ['app_key', 'url'],
  open({ app_key: key, user, every, max_size: maxBytes, ...config }, { fetcher, fingerprint, clock }) {
    const folder = key === undefined ? '' : `${key}/`;
    const url = config.url ?? `${DATABASES}${folder}online-valid.json.gz`;
    return pollWholeList({
      every,
      fingerprint,
      url,
      snapshot: true,
      fetch: (validators, context) =>
        fetcher
          .get({ url, headers: { 'user-agent': `phishtank/${user}` }, validators, maxBytes, signal: context.signal })
          .catch((error: unknown) => {
            throw explained(error, context, clock);
          }),
      read(answer, { tally }) {
        const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
        return rowRecords(
          jsonRows(text, { at: (path) => (path.length === 0 ? 'into' : 'whole') }, tally),
          recordsOf,
          tally,
        );
      },
    });
  },
});

/** A quota that is used up is told with 509, and with its length in a header of PhishTank's own. */
function explained(error: unknown, context: PollContext, clock: Clock): unknown {
  if (!(error instanceof FetchError) || error.refusal === undefined) return error;
  const { status, headers } = error.refusal;
  if (status === 509) {
    const seconds = Number(
      /^(\d{1,6}) seconds?$/i.exec(headers['x-request-limit-interval']?.trim() ?? '')?.[1] ?? 3600,
    );
    if (headers['retry-after'] === undefined) context.postpone(clock.now() + Math.min(seconds * 1000, 86_400_000));
    return new FetchError(
      'FEED_RATE_LIMITED',
      'PhishTank has given the database often enough for now; an "app_key" and a longer "every" help',
      { retryable: true, retryAfterMs: error.retryAfterMs },
    );
  }
  if (status === 401 || status === 403 || status === 404) {
    return new FetchError(
      'FEED_UNAUTHORIZED',
      'PhishTank does not give the database to this request; write the "app_key" of your account (https://phishtank.org/developer_info.php)',
      { retryable: false },
    );
  }
  return error;
}

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'url');
  if (indicator === undefined) return 'no url';
  const record: RawIndicator = { indicator, type: 'url' };
  const ref = textIn(fields, 'phish_id');
  if (ref !== undefined) record.ref = ref;
  const first = timeIn(fields, 'submission_time');
  if (first !== undefined) record.first_seen = first;
  const tags: string[] = [];
  if (truthIn(fields, 'verified') === false) tags.push('unverified');
  if (truthIn(fields, 'online') === false) tags.push('offline');
  if (tags.length > 0) record.tags = tags;
  const reference = textIn(fields, 'phish_detail_url');
  if (reference !== undefined) record.reference = reference;
  const details: unknown = Array.isArray(fields.details) ? fields.details[0] : undefined;
  const host = isFields(details) ? details : {};
  const target = textIn(fields, 'target');
  const context = contextOf({
    // what the column says when it is none of those they know
    target: target === 'Other' ? undefined : target,
    verified_at: timeIn(fields, 'verification_time'),
    ip: textIn(host, 'ip_address'),
    cidr: textIn(host, 'cidr_block'),
    as_number: textIn(host, 'announcing_network'),
    country: textIn(host, 'country'),
  });
  if (context !== undefined) record.context = context;
  return [record];
}

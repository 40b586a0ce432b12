import { z } from 'zod';
import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { size } from '../../core/process/config/values.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Clock } from '../clock.ts';
import { defineFeed, type OpenContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { FetchError } from '../fetch/fetch-error.ts';
import type { ListAnswer } from '../fetch/fetcher.ts';
import { parseDocument } from '../formats/json.ts';
import { listText, wholeText } from '../formats/text.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';
import { milliseconds, sourceUrl } from '../setting-values.ts';
import { wholeListKeys } from '../settings.ts';
import type { Tally } from '../tally.ts';

const schema = z.strictObject({
  ...wholeListKeys,
  type: z.literal('abuseipdb'),
  api_key: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[\x21-\x7e]+$/, 'must be the key of your account, without spaces')
    .describe('The API key of your account.'),
  url: sourceUrl
    .default('https://api.abuseipdb.com/api/v2/blacklist')
    .describe('Address of the blacklist, or of a server that answers alike.'),
  confidence_minimum: z
    .int()
    .min(25)
    .max(100)
    .default(90)
    .describe(
      'Only addresses that were reported with at least this confidence, 25 to 100; free accounts get 100 whatever they ask for.',
    ),
  limit: z
    .int()
    .min(1)
    .max(500_000)
    .default(10_000)
    .describe('How many addresses, the worst first; free accounts get 10,000 at most.'),
  ip_version: z
    .union([z.literal(4), z.literal(6)])
    .optional()
    .describe('`4` or `6` alone; without it both.'),
  every: milliseconds
    .default(6 * 3_600_000)
    .describe('How often it is asked; a free account has 5 calls a day, so that 6h is the shortest that works.'),
  // 500,000 addresses are some 60 MB of JSON
  max_size: size.default(128 * 1024 ** 2).describe('Cap on the blacklist, which is parsed whole.'),
});

type AbuseIpdb = z.output<typeof schema>;

const cursorShape = z.object({ fingerprint: z.string(), generatedAt: z.string() });

const answerShape = z.object({
  meta: z.object({ generatedAt: z.string().max(64) }),
  data: z.array(z.unknown()),
});

/** The blacklist of AbuseIPDB (https://docs.abuseipdb.com/#blacklist-endpoint): a snapshot, without paging. */
export const abuseipdb = defineFeed({
  type: 'abuseipdb',
  schema,
  secrets: ['api_key'],
  open: (config, context) => openBlacklist(config, context),
});

function openBlacklist(config: AbuseIpdb, { fetcher, fingerprint, clock }: OpenContext): PolledFeed {
  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const answer = await fetchBlacklist(context);
    respectQuota(answer.headers, context, clock);
    const text = await wholeText(
      listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false }),
      config.max_size,
    );
    const parsed = answerShape.safeParse(parseDocument(text));
    if (!parsed.success) {
      throw new TiplineError(
        'FEED_SHAPE',
        'the answer has no meta.generatedAt or no data: this is no blacklist of AbuseIPDB',
        {
          retryable: true,
        },
      );
    }
    const { meta, data } = parsed.data;
    const known = cursorShape.safeParse(context.cursor);
    const unchanged =
      known.success && known.data.generatedAt === meta.generatedAt && known.data.fingerprint === fingerprint;
    if (unchanged && !context.republishDue) return;

    const collected_at = new Date(context.startedAt).toISOString();
    let page: RawIndicator[] = [];
    let total = 0;
    for (const [index, entry] of data.entries()) {
      const record = recordOf(entry, meta.generatedAt, index + 1, context.tally);
      if (record === undefined) continue;
      total += 1;
      page.push({ ...record, collected_at, valid_until: context.validUntil });
      if (page.length < PAGE_RECORDS) continue;
      yield { records: page };
      page = [];
    }
    if (total === 0) {
      throw new TiplineError('FEED_EMPTY', 'the blacklist holds no address, which is taken for a fault of the server', {
        retryable: true,
      });
    }
    yield {
      records: page,
      cursor: { fingerprint, generatedAt: meta.generatedAt },
      truncated: isCutOff(data.length, config.limit),
    };
  }

  async function fetchBlacklist(context: PollContext): Promise<ListAnswer> {
    const url = new URL(config.url);
    url.searchParams.set('confidenceMinimum', String(config.confidence_minimum));
    url.searchParams.set('limit', String(config.limit));
    if (config.ip_version !== undefined) url.searchParams.set('ipVersion', String(config.ip_version));
    try {
      const answer = await fetcher.get({
        url: url.href,
        accept: 'application/json',
        headers: { key: config.api_key },
        maxBytes: config.max_size,
        signal: context.signal,
      });
      if (answer.kind === 'list') return answer;
    } catch (error) {
      throw explained(error, context, clock);
    }
    throw new TiplineError('FEED_STATUS', 'answered 304 to a request without conditions', { retryable: true });
  }

  return { kind: 'polled', every: config.every, local: false, snapshot: true, poll };
}

/** An account that pays for less gets less than it asks for, and is not told. */
const ACCOUNT_LIMITS = [10_000, 100_000, 500_000];

function isCutOff(count: number, limit: number): boolean {
  return count >= limit || ACCOUNT_LIMITS.includes(count);
}

function recordOf(entry: unknown, generatedAt: string, number: number, tally: Tally): RawIndicator | undefined {
  const fields: Fields = isFields(entry) ? entry : {};
  const { ipAddress, abuseConfidenceScore, lastReportedAt, countryCode } = fields;
  if (typeof ipAddress !== 'string' || ipAddress === '') {
    tally.skip(number, 'an entry without ipAddress', 'no_indicator');
    return undefined;
  }
  const record: RawIndicator = { indicator: ipAddress, type: 'ip', timestamp: generatedAt };
  const confidence = Number(abuseConfidenceScore ?? Number.NaN);
  if (confidence >= 0 && confidence <= 100) record.confidence = confidence;
  if (typeof lastReportedAt === 'string' && lastReportedAt !== '') record.last_seen = lastReportedAt;
  if (typeof countryCode === 'string' && countryCode !== '') record.context = { country_code: countryCode };
  return record;
}

/** With nothing left of the day's calls, the next one waits until the quota is filled again. */
function respectQuota(headers: Readonly<Record<string, string>>, context: PollContext, clock: Clock): void {
  if (headers['x-ratelimit-remaining']?.trim() !== '0') return;
  const reset = resetOf(headers, clock);
  if (reset !== undefined) context.postpone(reset);
}

/** Epoch ms of X-RateLimit-Reset, which is in seconds; a day away at most. */
function resetOf(headers: Readonly<Record<string, string>>, clock: Clock): number | undefined {
  const seconds = Number(headers['x-ratelimit-reset']);
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined;
  return Math.min(seconds * 1000, clock.now() + 86_400_000);
}

/** The refusals of this API in words for whoever holds the key. */
function explained(error: unknown, context: PollContext, clock: Clock): unknown {
  if (!(error instanceof FetchError) || error.refusal === undefined) return error;
  const { status, headers, body } = error.refusal;
  const detail = detailOf(body);
  const told = (code: string, message: string): FetchError =>
    new FetchError(code, detail === '' ? message : `${message} (it says: ${detail})`, {
      retryable: status === 429,
      retryAfterMs: error.retryAfterMs,
    });
  switch (status) {
    case 401:
      return told('FEED_UNAUTHORIZED', 'AbuseIPDB does not know this api_key; make one under Account, API');
    case 402:
      return told(
        'FEED_PAYMENT',
        'this asks for more than the account pays for; lower "limit" or set "confidence_minimum: 100"',
      );
    case 422:
      return told(
        'FEED_REQUEST',
        'AbuseIPDB refuses the parameters; check "limit", "confidence_minimum" and "ip_version"',
      );
    case 429: {
      if (headers['retry-after'] === undefined)
        context.postpone(resetOf(headers, clock) ?? context.startedAt + 86_400_000);
      return told(
        'FEED_RATE_LIMITED',
        'the daily calls of this key are used up; a free key has 5 a day, so "every: 6h" is the shortest that works',
      );
    }
    default:
      return error;
  }
}

const errorsShape = z.object({ errors: z.array(z.object({ detail: z.string() })).min(1) });

function detailOf(body: string): string {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return '';
  }
  const parsed = errorsShape.safeParse(document);
  const detail = parsed.success ? (parsed.data.errors[0]?.detail ?? '') : '';
  return printable(detail, 200);
}

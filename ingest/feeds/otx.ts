import { z } from 'zod';
import { type Fields, isFields } from '../../core/contract/fields.ts';
import { createBackoff } from '../../core/process/backoff.ts';
import { duration, size } from '../../core/process/config/values.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { defineFeed, type OpenContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import { FetchError } from '../fetch/fetch-error.ts';
import { numberIn, timeIn } from '../formats/fields.ts';
import { parseDocument } from '../formats/json.ts';
import { pulseRecords } from '../formats/otx-pulse.ts';
import { listText, wholeText } from '../formats/text.ts';
import { PAGE_RECORDS } from '../pages.ts';
import { printable } from '../printable.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';

const KEY_HINT = `find it in your settings at https://otx.alienvault.com and write api_key: "\${OTX_KEY}"`;

const schema = z.strictObject({
  ...fetchedKeys,
  type: z.literal('otx'),
  api_key: z
    .string({ error: `must be the key of your OTX account: ${KEY_HINT}` })
    .min(1)
    .max(500)
    .regex(/^[\x21-\x7e]+$/, `must be a key without spaces: ${KEY_HINT}`)
    .describe('The OTX key of your account; it decides which pulses you are subscribed to.'),
  url: sourceUrl
    .default('https://otx.alienvault.com/api/v1/pulses/subscribed')
    .describe('Address of the list of pulses.'),
  look_back: duration.default(90 * 86_400_000).describe('How far back the first reading goes.'),
  page_size: z
    .int()
    .min(1)
    .max(50)
    .default(20)
    .describe('Pulses a request; fewer help when pages are above `max_size` or the server takes too long.'),
  max_size: size.default(128 * 1024 ** 2).describe('Cap on a page, which is parsed whole.'),
});

type Otx = z.output<typeof schema>;

/** Pulses that an account of AlienVault's Open Threat Exchange is subscribed to. */
export const otx = defineFeed({
  type: 'otx',
  schema,
  secrets: ['api_key'],
  open: (config, context) => openPulses(config, context),
});

const cursorShape = z.object({
  fingerprint: z.string(),
  /** ISO 8601: all pulses modified up to here are on the bus. */
  since: z.string(),
  /** A walk over the pages that is not at its end. */
  walk: z
    .object({
      next: z.string(),
      newest: z.string(),
      count: z.number().optional(),
      shrunk: z.boolean(),
    })
    .optional(),
});
type Cursor = z.output<typeof cursorShape>;
type Walk = NonNullable<Cursor['walk']>;

/** Above this it is no list of pulses any more. */
const MOST_PAGES = 20_000;
const TRIES = 3;

/**
 * The newest pulses come first. What is added while the pages are walked moves the others to later pages, where they are read twice; a
 * pulse that is modified moves to the front, behind us, and comes with the next walk, which begins where the newest pulse of the first page
 * of this one stood. A pulse that is taken away moves others to earlier pages, past us: then the count gets smaller, and the walk is done again. A walk that an
 * earlier reading did not end is followed by one for what came in front of its pages since.
 */
function openPulses(config: Otx, { fetcher, fingerprint, log, clock }: OpenContext): PolledFeed {
  const home = new URL(config.url);

  function firstUrl(since: string): string {
    const url = new URL(home);
    url.searchParams.set('limit', String(config.page_size));
    url.searchParams.set('page', '1');
    // a second more: whether it takes the moment itself is not documented
    const from = new Date(Date.parse(since) - 1000).toISOString();
    url.searchParams.set('modified_since', from.slice(0, 19));
    return url.href;
  }

  async function fetchPage(url: string, { signal }: PollContext): Promise<Fields> {
    const headers = { 'x-otx-api-key': config.api_key };
    const maxBytes = config.max_size;
    const answer = await fetcher.get({ url, headers, accept: 'application/json', maxBytes, signal });
    if (answer.kind === 'unchanged') throw notPulses();
    const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
    const page = parseDocument(await wholeText(text, maxBytes));
    if (isFields(page) && Array.isArray(page.results)) return page;
    throw notPulses();
  }

  /** Large pages run into the time limits of its servers, which pass. */
  async function fetchPatiently(url: string, context: PollContext): Promise<Fields> {
    const backoff = createBackoff({ first: 1000, most: 10_000 });
    for (let tries = 1; ; tries += 1) {
      try {
        return await fetchPage(url, context);
      } catch (error) {
        const passes =
          error instanceof FetchError && error.code === 'FEED_SERVER_ERROR' && error.retryAfterMs === undefined;
        if (!passes || tries === TRIES || context.signal.aborted) throw explained(error);
        log.debug({ error, tries }, 'the server failed; this page is asked for again');
        await clock.pause(backoff.next(), context.signal);
      }
    }
  }

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const known = cursorShape.safeParse(context.cursor);
    const before = known.success && known.data.fingerprint === fingerprint ? known.data : undefined;
    const now = new Date(context.startedAt).toISOString();
    let since = before?.since ?? new Date(context.startedAt - config.look_back).toISOString();
    const afresh = (): Walk => ({ next: firstUrl(since), newest: since, shrunk: false });
    /** What came since the walk began that was interrupted is not on its pages. */
    let isOld = before?.walk !== undefined;
    let resumed = isOld;
    let walk = before?.walk ?? afresh();
    const asked = new Set<string>();
    for (;;) {
      const url = sameOrigin(walk.next, home);
      if (asked.has(url) || asked.size === MOST_PAGES) {
        yield { records: [], cursor: { fingerprint, since } satisfies Cursor };
        throw noProgress();
      }
      asked.add(url);
      let page: Fields;
      try {
        page = await fetchPatiently(url, context);
      } catch (error) {
        // the page of yesterday may be behind the end of today
        if (!resumed || !(error instanceof FetchError) || !isGone(error.refusal?.status)) throw error;
        isOld = false;
        resumed = false;
        walk = afresh();
        asked.clear();
        continue;
      }
      resumed = false;
      const pulses = (page.results as unknown[]).filter(isFields);
      const count = numberIn(page, 'count');
      const shrunk = walk.shrunk || (count !== undefined && walk.count !== undefined && count < walk.count);
      const times = pulses.flatMap((pulse) => timeIn(pulse, 'modified') ?? []).filter((time) => time <= now);
      const newest = times.reduce((a, b) => (a > b ? a : b), walk.newest);
      for (const pulse of pulses) {
        const records = pulseRecords(pulse, context.tally);
        for (let at = 0; at < records.length; at += PAGE_RECORDS)
          yield { records: records.slice(at, at + PAGE_RECORDS) };
      }
      if (typeof page.next !== 'string' || page.next === '') {
        if (shrunk)
          context.tally.note(
            'pulses were taken away while they were read; the pages are read again with the next poll',
          );
        if (!shrunk) since = newest;
        yield { records: [], cursor: { fingerprint, since } satisfies Cursor };
        if (!isOld || shrunk || context.signal.aborted) return;
        isOld = false;
        walk = afresh();
        asked.clear();
        continue;
      }
      walk = { next: sameOrigin(page.next, home), newest, shrunk, ...(count === undefined ? {} : { count }) };
      yield { records: [], cursor: { fingerprint, since, walk } satisfies Cursor };
    }
  }

  return { kind: 'polled', every: config.every, local: false, poll };
}

/** The address of a page comes from outside, and the key goes with it: it must lead to where the key is meant for. */
function sameOrigin(next: string, home: URL): string {
  const url = URL.canParse(next, home.href) ? new URL(next, home) : undefined;
  if (url !== undefined && url.origin === home.origin) {
    url.username = '';
    url.password = '';
    return url.href;
  }
  throw new TiplineError(
    'FEED_OTHER_ORIGIN',
    `the next page is said to be at ${printable(url?.origin ?? 'no address', 100)}, where the key must not go; check "url"`,
    { retryable: true },
  );
}

function isGone(status: number | undefined): boolean {
  return status === 400 || status === 404;
}

function explained(error: unknown): unknown {
  const status = error instanceof FetchError ? error.refusal?.status : undefined;
  if (status !== 401 && status !== 403) return error;
  return new FetchError('FEED_UNAUTHORIZED', `OTX does not know this api_key; ${KEY_HINT}`, { retryable: false });
}

function notPulses(): TiplineError {
  return new TiplineError('FEED_SHAPE', 'the answer has no "results": this is no list of pulses; check "url"', {
    retryable: true,
  });
}

function noProgress(): TiplineError {
  return new TiplineError('FEED_PAGING', 'the pages go round in a circle; the next poll begins with the first again', {
    retryable: true,
  });
}

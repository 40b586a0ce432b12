import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { size } from '../../core/process/config/values.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { confidenceRule } from '../confidence.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import type { ListAnswer, Validators } from '../fetch/fetcher.ts';
import { guessedRecords } from '../formats/guessed.ts';
import { parsePath } from '../formats/json-path.ts';
import {
  type FormatSettings,
  hasColumns,
  LIST_FORMATS,
  type ListFormat,
  openFormat,
  readsBytes,
} from '../formats/known.ts';
import { LIST_COLUMNS, type ListColumn } from '../formats/record.ts';
import { listText } from '../formats/text.ts';
import { inPages } from '../pages.ts';
import { percent, sourceUrl } from '../setting-values.ts';
import { wholeListKeys } from '../settings.ts';
import type { Tally } from '../tally.ts';

const column = z.union([z.int().min(1).max(1000), z.string().min(1).max(200)]);

const listConfidence = confidenceRule.extend({
  column: column.optional().describe('Column or path with a number.'),
});

/** RFC 9110 token, and nothing that could begin another header. */
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be the name of a header');
const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/, 'must be one line of printable ASCII');

const schema = z
  .strictObject({
    ...wholeListKeys,
    type: z.literal('http-list'),
    url: sourceUrl.describe('Where the list or document is.'),
    format: z
      .enum(LIST_FORMATS)
      .optional()
      .describe(
        'What is there. The first five are lists whose columns are named here; the others say themselves what is what. Without it: told by what is there, as for files, and `lines` where nothing tells.',
      ),
    columns: z
      .partialRecord(z.enum(LIST_COLUMNS), column)
      .default({})
      .describe(
        'Where each field stands: columns from 1, or by their names in the header row; dotted paths with `[]` in JSON.',
      ),
    confidence: z
      .union([percent, listConfidence])
      .optional()
      .describe(
        'For records that bring none, 0 to 100; or a section that says what their own means, or which column it is in.',
      ),
    delimiter: z.string().min(1).max(4).optional().describe('Between the cells of csv and tsv; else a comma or a tab.'),
    header: z
      .boolean()
      .optional()
      .describe('The first row names the columns. Without it: when a column is given by name.'),
    comments: z
      .array(z.string().min(1).max(8))
      .max(8)
      .optional()
      .describe('What begins a comment; else `#`, `;` and `//`.'),
    category_names: z
      .record(z.string().regex(/^\d{1,4}$/, 'must be the number of a category'), z.string().max(200))
      .default({})
      .describe('What the numbers of the categories of iprep mean, such as `1: CnC`.'),
    only_disarmed: z
      .boolean()
      .default(false)
      .describe(
        'Of text and html, only what the author has disarmed, as in `evil[.]example`, and hashes and the like.',
      ),
    headers: z
      .record(headerName, headerValue)
      .default({})
      .describe("Headers for the URL's own server, such as a key; they do not follow a redirect to another one."),
    max_size: size.default(512 * 1024 ** 2).describe('Cap on the answer, unpacked.'),
    snapshot: z
      .boolean()
      .default(true)
      .describe('What is no longer on the list expires by itself. Off for lists that only tell what is new.'),
    allow_html_type: z
      .boolean()
      .default(false)
      .describe('Take the list although the server calls it text/html; a page is still refused by its first bytes.'),
  })
  .superRefine((list, context) => {
    const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (isGuessed(list)) return;
    const columns = columnsOf(list);
    const format = formatOf(list);
    if (!hasColumns(format)) {
      for (const field of Object.keys(list.columns))
        refuse(['columns', field], `a list of format ${format} has no columns to name`);
      if (typeof list.confidence === 'object' && list.confidence.column !== undefined)
        refuse(['confidence', 'column'], `a list of format ${format} has no columns to name`);
      return;
    }
    if (columns.indicator === undefined) {
      refuse(['columns', 'indicator'], 'must say where the indicator stands, such as "data[].ip"');
    }
    const isJson = format === 'json' || format === 'ndjson';
    for (const [field, place] of Object.entries(columns)) {
      if (format === 'lines' && !(field === 'indicator' && place === 1)) {
        refuse(['columns', field], 'a list of format lines has one column; use csv or tsv');
      } else if (isJson && (typeof place !== 'string' || parsePath(place) === undefined)) {
        refuse(['columns', field], 'must be a path such as "ip", "data[].ip" or "meta.time"');
      } else if (list.header === false && typeof place === 'string' && !isJson) {
        refuse(['columns', field], 'must be a number, since the list has no header row');
      }
    }
  });

type HttpList = z.output<typeof schema>;

/** True when nothing is said of what is there. */
function isGuessed(list: Pick<HttpList, 'format' | 'columns' | 'confidence' | 'delimiter' | 'header'>): boolean {
  const { format, columns, confidence, delimiter, header } = list;
  const placed = Object.keys(columns).length > 0 || (typeof confidence === 'object' && confidence.column !== undefined);
  return format === undefined && !placed && delimiter === undefined && header === undefined;
}

function formatOf({ format = 'lines' }: Pick<HttpList, 'format'>): ListFormat {
  return format;
}

/** Where the indicator stands unless the configuration says so; and the column that the confidence comes from is one like the others. */
function columnsOf(
  list: Pick<HttpList, 'format' | 'columns' | 'confidence'>,
): Partial<Record<ListColumn, number | string>> {
  const isJson = list.format === 'json' || list.format === 'ndjson';
  const place = typeof list.confidence === 'object' ? list.confidence.column : undefined;
  const rule = place === undefined ? {} : { confidence: place };
  return { ...(isJson ? {} : { indicator: 1 }), ...list.columns, ...rule };
}

const cursorShape = z.object({
  fingerprint: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});

/** A list or document behind a URL, in any format that tipline knows. */
export const httpList = defineFeed({
  type: 'http-list',
  schema,
  secrets: ['headers'],
  open: (list, context) => openList(list, context),
});

function openList(list: HttpList, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const format = formatOf(list);
  const settings = settingsOf(list);
  const open = openFormat(format, settings);
  const read = ({ bytes, contentType }: ListAnswer, tally: Tally): AsyncIterable<RawIndicator[]> => {
    const text = { contentType, allowHtmlType: list.allow_html_type };
    if (isGuessed(list)) return guessedRecords(bytes, { settings, text }, tally);
    return open(readsBytes(format) ? bytes : listText(bytes, text), tally);
  };

  async function* poll(context: PollContext): AsyncGenerator<Page> {
    const { tally } = context;
    const answer = await fetcher.get({
      url: list.url,
      headers: list.headers,
      validators: validatorsOf(context, fingerprint),
      maxBytes: list.max_size,
      signal: context.signal,
    });
    if (answer.kind === 'unchanged') return;

    const collected_at = new Date(context.startedAt).toISOString();
    let total = 0;
    for await (const records of inPages(read(answer, tally))) {
      for (const record of records) {
        record.collected_at = collected_at;
        if (list.snapshot) record.valid_until ??= context.validUntil;
      }
      total += records.length;
      yield { records };
    }
    if (total === 0) {
      throw new TiplineError(
        'FEED_EMPTY',
        'the answer holds no indicator; an empty list is taken for a fault of the server, or of "format" and "columns"',
        { retryable: true },
      );
    }
    // not before the whole list is on the bus: it cannot be resumed in the middle
    yield { records: [], cursor: { fingerprint, ...answer.validators } };
  }

  return { kind: 'polled', every: list.every, local: false, snapshot: list.snapshot, poll };
}

/** Undefined asks for the whole list: nothing is known of it, it was read with other settings, or it must be published again. */
function validatorsOf(context: PollContext, fingerprint: string): Validators {
  const cursor = cursorShape.safeParse(context.cursor);
  if (!cursor.success || context.republishDue || cursor.data.fingerprint !== fingerprint) return {};
  const { etag, lastModified } = cursor.data;
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

function settingsOf(list: HttpList): FormatSettings {
  const { confidence } = list;
  const map = typeof confidence === 'object' && confidence.column !== undefined ? confidence.map : undefined;
  return {
    columns: columnsOf(list),
    confidenceSteps: map,
    delimiter: list.delimiter,
    header: list.header,
    comments: list.comments,
    categories: new Map(Object.entries(list.category_names).map(([number, name]) => [Number(number), name])),
    onlyDisarmed: list.only_disarmed,
    ownHost: new URL(list.url).hostname,
    maxBytes: list.max_size,
  };
}

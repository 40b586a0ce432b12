import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { size } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { defineFeed, type FeedContext, type Page, type PollContext, type PolledFeed } from '../feed.ts';
import type { ListAnswer, Validators } from '../fetch/fetcher.ts';
import { COMMENT_MARKS } from '../formats/comments.ts';
import { delimitedRecords } from '../formats/delimited.ts';
import { jsonRecords, ndjsonRecords } from '../formats/json.ts';
import { parsePath } from '../formats/json-path.ts';
import { type ConfidenceSteps, LIST_COLUMNS, type ListColumn, rowReader } from '../formats/record.ts';
import { listText } from '../formats/text.ts';
import { inPages } from '../pages.ts';
import { commonKeys, percent } from '../settings.ts';
import type { Tally } from '../tally.ts';

const column = z.union([z.int().min(1).max(1000), z.string().min(1).max(200)]);

const stepsOfColumn = z.strictObject({
  column,
  /** `[from, confidence]`: a value of at least `from` means that confidence. Without it the column is the confidence. */
  map: z
    .array(z.tuple([z.number(), percent]))
    .min(1)
    .max(100)
    .optional(),
});

/** RFC 9110 token, and nothing that could begin another header. */
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be the name of a header');
const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/, 'must be one line of printable ASCII');

const schema = z
  .strictObject({
    ...commonKeys,
    type: z.literal('http-list'),
    url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    format: z.enum(['lines', 'csv', 'tsv', 'json', 'ndjson']).default('lines'),
    /** From 1, or by header name; dotted paths with `[]` in JSON. */
    columns: z.partialRecord(z.enum(LIST_COLUMNS), column).default({}),
    confidence: z.union([percent, stepsOfColumn]).optional(),
    /** Between the cells of csv and tsv. */
    delimiter: z.string().min(1).max(4).optional(),
    /** The first row names the columns. Default: yes when a column is given by name. */
    header: z.boolean().optional(),
    comments: z.array(z.string().min(1).max(8)).max(8).optional(),
    /** Sent to the URL's own origin alone. */
    headers: z.record(headerName, headerValue).default({}),
    max_size: size.default(512 * 1024 ** 2),
    /** What is no longer on the list expires by itself. Off for lists that only tell what is new. */
    snapshot: z.boolean().default(true),
    /** Take the list although the server calls it text/html; a page is still refused by its first bytes. */
    allow_html_type: z.boolean().default(false),
  })
  .superRefine((list, context) => {
    const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    const columns = columnsOf(list);
    if (columns.indicator === undefined) {
      refuse(['columns', 'indicator'], 'must say where the indicator stands, such as "data[].ip"');
    }
    const isJson = list.format === 'json' || list.format === 'ndjson';
    for (const [field, place] of Object.entries(columns)) {
      if (list.format === 'lines' && !(field === 'indicator' && place === 1)) {
        refuse(['columns', field], 'a list of format lines has one column; use csv or tsv');
      } else if (isJson && (typeof place !== 'string' || parsePath(place) === undefined)) {
        refuse(['columns', field], 'must be a path such as "ip", "data[].ip" or "meta.time"');
      } else if (list.header === false && typeof place === 'string' && !isJson) {
        refuse(['columns', field], 'must be a number, since the list has no header row');
      }
    }
  });

type HttpList = z.output<typeof schema>;

/** Where the indicator stands unless the configuration says so; and the column that the confidence comes from is one like the others. */
function columnsOf(
  list: Pick<HttpList, 'format' | 'columns' | 'confidence'>,
): Partial<Record<ListColumn, number | string>> {
  const isJson = list.format === 'json' || list.format === 'ndjson';
  const rule = typeof list.confidence === 'object' ? { confidence: list.confidence.column } : {};
  return { ...(isJson ? {} : { indicator: 1 }), ...list.columns, ...rule };
}

const cursorShape = z.object({
  fingerprint: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});

/** A list behind a URL: lines, a table, or JSON. */
export const httpList = defineFeed({
  type: 'http-list',
  schema,
  secrets: ['headers'],
  open: (list, context) => openList(list, context),
});

function openList(list: HttpList, { fetcher, fingerprint }: FeedContext & { fingerprint: string }): PolledFeed {
  const readList = recordsOf(list);

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
    for await (const records of inPages(readList(answer, tally))) {
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

  return { kind: 'polled', every: list.every, local: false, poll };
}

/** Undefined asks for the whole list: nothing is known of it, it was read with other settings, or it must be published again. */
function validatorsOf(context: PollContext, fingerprint: string): Validators {
  const cursor = cursorShape.safeParse(context.cursor);
  if (!cursor.success || context.republishDue || cursor.data.fingerprint !== fingerprint) return {};
  const { etag, lastModified } = cursor.data;
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

type ReadList = (answer: ListAnswer, tally: Tally) => AsyncIterable<RawIndicator[]>;

function recordsOf(list: HttpList): ReadList {
  const columns = columnsOf(list);
  const map = typeof list.confidence === 'object' ? list.confidence.map : undefined;
  const steps: ConfidenceSteps | undefined = map?.toSorted(([a], [b]) => a - b);
  const textOf = (answer: ListAnswer): AsyncIterable<Buffer> =>
    listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: list.allow_html_type });

  switch (list.format) {
    case 'json':
    case 'ndjson': {
      const read = list.format === 'json' ? jsonRecords : ndjsonRecords;
      const paths = Object.fromEntries(Object.entries(columns).map(([field, path]) => [field, String(path)]));
      const options = {
        columns: { ...paths, indicator: String(columns.indicator) },
        reader: (cells: Parameters<typeof rowReader>[0]) => rowReader(cells, steps),
        maxBytes: list.max_size,
      };
      return (answer, tally) => read(textOf(answer), options, tally);
    }
    case 'lines':
    case 'csv':
    case 'tsv': {
      const delimiter = list.format === 'lines' ? undefined : (list.delimiter ?? (list.format === 'csv' ? ',' : '\t'));
      const marks = list.comments ?? COMMENT_MARKS.filter((mark) => mark !== delimiter);
      const options = {
        delimiter,
        quotes: list.format === 'csv',
        header: list.header ?? Object.values(columns).some((place) => typeof place === 'string'),
        comments: marks,
        columns,
        reader: (cells: Parameters<typeof rowReader<readonly string[]>>[0]) => rowReader(cells, steps),
      };
      return (answer, tally) => delimitedRecords(textOf(answer), options, tally);
    }
    default: {
      const never: never = list.format;
      return never;
    }
  }
}

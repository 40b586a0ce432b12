import { maskedText } from './mask.ts';

/**
 * The one error type of tipline.
 *
 * `retryable` has three values, because a worker has three answers to a failure:
 * - `true`: wait with jittered back-off and try again (429, 503, a refused connection);
 * - `false`: trying again cannot help; dead-letter the record, or stop with the message if it is about the set-up;
 * - unset: nobody knows what happened; crash, and let the next start read the batch again.
 */
export class TiplineError extends Error {
  readonly code: string;
  readonly retryable: boolean | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TiplineError';
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** The code of any thrown value: ours, Node's (`ECONNREFUSED`), or `UNKNOWN`. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'UNKNOWN';
}

/** Messages of tipline's own errors may list a score of findings, a line each; others are cut short. */
const OWN_LENGTH = 8000;
const FOREIGN_LENGTH = 400;
const MOST_CAUSES = 4;

/**
 * What a thrown value says, with its causes, safe to log and to show on a terminal.
 * Client errors carry the whole request in other properties (the Elasticsearch client's `meta` holds the bulk body), so nothing but the
 * messages is read. Credentials of URLs in them are hidden, and each is capped.
 */
export function messageOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < MOST_CAUSES && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof TiplineError ? plain(current.message, OWN_LENGTH) : oneLine(textOf(current));
    // a message is often made with the words of its cause
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return joined(parts) || 'no reason was given';
}

/** `what: why`; behind a whole sentence the reason stands in brackets. */
function joined([first = '', ...causes]: readonly string[]): string {
  if (causes.length === 0) return first;
  const why = joined(causes);
  return first.endsWith('.') ? `${first.slice(0, -1)} (${why})` : `${first}: ${why}`;
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    if (thrown.message !== '') return thrown.message;
    // a connection that failed on all addresses of a host has a message in its parts alone
    const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : undefined;
    return first instanceof Error && first.message !== '' ? first.message : thrown.name;
  }
  return typeof thrown === 'object' || typeof thrown === 'function'
    ? 'something that is no error was thrown'
    : String(thrown);
}

function oneLine(text: string): string {
  return plain(text, FOREIGN_LENGTH).replaceAll('\n', ' ');
}

// Control characters but the line feed: a terminal obeys them.
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

function plain(text: string, most: number): string {
  return maskedText(text, most).replace(CONTROL, ' ').trim();
}

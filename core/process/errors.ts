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

/**
 * One line about a thrown value that is safe to log and to show.
 * Client errors carry the whole request in other properties (the Elasticsearch client's `meta` holds the bulk body),
 * so nothing but the message and its causes' messages is read, and each is capped.
 */
export function messageOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof Error ? current.message || current.name : String(current);
    parts.push(text.length > 400 ? `${text.slice(0, 400)}…` : text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

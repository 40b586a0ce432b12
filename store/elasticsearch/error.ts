import { errors } from '@elastic/elasticsearch';
import { isFields } from '../../core/contract/fields.ts';
import { TiplineError } from '../../core/process/errors.ts';

/**
 * What may be kept of an error that Elasticsearch answered with: never the request, which holds documents and
 * credentials.
 */
export interface ServerError {
  type: string;
  reason: string;
  /** Innermost cause, where the reason proper often stands. */
  cause?: string;
  index?: string;
}

/** A request that failed as a whole. `status` is 0 when there was no answer. */
export class ElasticsearchError extends TiplineError {
  readonly status: number;
  readonly server: ServerError;

  constructor(code: string, message: string, status: number, server: ServerError, retryable?: boolean) {
    super(code, message, retryable === undefined ? {} : { retryable });
    this.name = 'ElasticsearchError';
    this.status = status;
    this.server = server;
  }
}

const REASON_LENGTH = 300;

/**
 * Turns what the client throws into an error that is safe to print. The client's own error is not kept as `cause`: its
 * `meta` holds the whole request, a bulk of megabytes included, and one printed error becomes a million lines.
 */
export function fromClientError(error: unknown): ElasticsearchError {
  if (error instanceof ElasticsearchError) return error;
  if (error instanceof errors.ResponseError) return fromAnswer(error.statusCode ?? 0, error.body);
  const name = error instanceof Error ? error.name : 'Error';
  const reason = cleanText(error instanceof Error ? error.message : String(error));
  const server = { type: name, reason };
  if (error instanceof errors.ProductNotSupportedError) {
    const message =
      'the server answers, but not as Elasticsearch does (OpenSearch is not supported); check store.nodes and any proxy before it';
    return new ElasticsearchError('STORE_NOT_ELASTICSEARCH', message, 0, server, false);
  }
  if (error instanceof errors.RequestAbortedError) {
    return new ElasticsearchError('STORE_ABORTED', 'a request to Elasticsearch was given up', 0, server, true);
  }
  if (error instanceof errors.TimeoutError) {
    return new ElasticsearchError('STORE_UNREACHABLE', 'Elasticsearch does not answer in time', 0, server, true);
  }
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError) {
    const hint = /certificate|self-signed|altname/i.test(reason) ? '; name its authority in store.ca' : '';
    return new ElasticsearchError(
      'STORE_UNREACHABLE',
      `Elasticsearch cannot be reached: ${reason}${hint}`,
      0,
      server,
      true,
    );
  }
  if (error instanceof errors.DeserializationError) {
    const message = 'Elasticsearch, or a proxy before it, answers something that is not JSON';
    return new ElasticsearchError('STORE_UNREACHABLE', message, 0, server, true);
  }
  return new ElasticsearchError('STORE_FAILED', `a request to Elasticsearch failed: ${name}: ${reason}`, 0, server);
}

function fromAnswer(status: number, body: unknown): ElasticsearchError {
  const server = readServerError(isFields(body) ? body.error : undefined) ?? { type: `HTTP ${status}`, reason: '' };
  const text = `Elasticsearch answers ${status} ${describeServerError(server)}`;
  // The next four are mended without a restart of tipline, so a worker waits for it; check() makes them final at start.
  if (status === 401) {
    return new ElasticsearchError('STORE_DENIED', `${text}; check the store's credentials`, status, server, true);
  }
  if (status === 403) {
    return new ElasticsearchError(
      'STORE_DENIED',
      `${text}; check the store's privileges and blocks`,
      status,
      server,
      true,
    );
  }
  if (status === 429 || status >= 500) return new ElasticsearchError('STORE_BUSY', text, status, server, true);
  if (status === 404 && server.type === 'index_not_found_exception') {
    return new ElasticsearchError('STORE_NOT_SET_UP', `${text}; run \`tipline setup\``, status, server, true);
  }
  return new ElasticsearchError('STORE_FAILED', text, status, server);
}

/** Reads the `error` of an answer, of a bulk item or of an mget item; undefined when there is none. */
export function readServerError(error: unknown): ServerError | undefined {
  if (typeof error === 'string') return { type: 'error', reason: cleanText(error) };
  if (!isFields(error)) return undefined;
  const read: ServerError = {
    type: cleanText(String(error.type ?? 'error')),
    reason: cleanText(String(error.reason ?? '')),
  };
  let cause: unknown = error.caused_by;
  for (let depth = 0; depth < 5 && isFields(cause); depth += 1) {
    read.cause = cleanText(`${String(cause.type ?? 'error')}: ${String(cause.reason ?? '')}`);
    cause = cause.caused_by;
  }
  if (typeof error.index === 'string') read.index = error.index;
  return read;
}

export function describeServerError(error: ServerError): string {
  const reason = error.reason === '' ? error.type : `${error.type}: ${error.reason}`;
  return error.cause === undefined || error.reason.includes(error.cause) ? reason : `${reason} (${error.cause})`;
}

/** Reasons quote documents, so they may hold anything a feed wrote: one line, no control characters, capped. */
function cleanText(text: string): string {
  const line = text
    .slice(0, REASON_LENGTH)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();
  return text.length > REASON_LENGTH ? `${line}…` : line;
}

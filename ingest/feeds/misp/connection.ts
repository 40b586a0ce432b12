import { TiplineError } from '../../../core/process/errors.ts';
import type { PollContext } from '../../feed.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { Fetcher, ListAnswer } from '../../fetch/fetcher.ts';
import { printable } from '../../printable.ts';

/** A MISP server, as its API is reached. */
export interface Connection {
  post(path: string, body: Readonly<Record<string, unknown>>, context: PollContext): Promise<ListAnswer>;
  get(path: string, context: PollContext): Promise<ListAnswer>;
  /** Where a person reads an event. */
  eventUrl(uuid: string): string;
}

export interface ConnectionOptions {
  /** Where MISP is, without a slash at the end. */
  base: string;
  apiKey: string;
  maxBytes: number;
}

export function openConnection(fetcher: Fetcher, { base, apiKey, maxBytes }: ConnectionOptions): Connection {
  // the key stands there alone: MISP knows no scheme such as Bearer
  const headers = { authorization: apiKey };
  return {
    async post(path, body, { signal }) {
      try {
        return await fetcher.post({
          url: `${base}${path}`,
          body: JSON.stringify(body),
          contentType: 'application/json',
          accept: 'application/json',
          headers,
          maxBytes,
          signal,
        });
      } catch (error) {
        throw explained(error, path);
      }
    },
    async get(path, { signal }) {
      try {
        const answer = await fetcher.get({
          url: `${base}${path}`,
          accept: 'application/json',
          headers,
          maxBytes,
          signal,
        });
        if (answer.kind === 'list') return answer;
      } catch (error) {
        throw explained(error, path);
      }
      throw new TiplineError('FEED_STATUS', 'answered 304 to a request without conditions', { retryable: true });
    },
    eventUrl: (uuid) => `${base}/events/view/${uuid}`,
  };
}

/** The refusals of MISP in words for whoever holds the key. 404 stays what it is: of one event it means nothing. */
function explained(error: unknown, path: string): unknown {
  if (!(error instanceof FetchError) || error.refusal === undefined) return error;
  const { status, body } = error.refusal;
  const said = messageIn(body);
  const told = (code: string, message: string): FetchError =>
    new FetchError(code, said === '' ? message : `${message} (it says: ${said})`, {
      retryable: status === 429,
      retryAfterMs: error.retryAfterMs,
      ...(error.refusal === undefined ? {} : { refusal: error.refusal }),
    });
  const isSearch = path.endsWith('/restSearch');
  switch (status) {
    case 401:
      return told('FEED_UNAUTHORIZED', 'MISP does not know this api_key; make one under My Profile, Auth keys');
    case 403:
      return told(
        'FEED_UNAUTHORIZED',
        `MISP does not accept this api_key for ${path}; check the key, the addresses it is allowed from, and the role of its user`,
      );
    case 405:
      return isSearch
        ? told('FEED_UNAUTHORIZED', 'this role may not search; give it a rate limit above 0, or set "mode: index"')
        : error;
    case 429:
      return told('FEED_RATE_LIMITED', 'the searches that this role may make in 15 minutes are used up');
    default:
      return error;
  }
}

function messageIn(body: string): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null) return '';
    const { message } = answer as { message?: unknown };
    return typeof message === 'string' ? printable(message, 200) : '';
  } catch {
    return '';
  }
}

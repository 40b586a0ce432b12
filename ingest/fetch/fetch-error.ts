import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';

/** What a server said instead of a list, for feeds that know more about it. */
export interface Refusal {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The first bytes of the body, decoded. Written by the other side. */
  body: string;
}

/** A fetch that failed. `retryAfterMs`: the server asked to be left alone for so long. */
export class FetchError extends TiplineError {
  readonly retryAfterMs: number | undefined;
  readonly refusal: Refusal | undefined;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; retryable: boolean; retryAfterMs?: number | undefined; refusal?: Refusal },
  ) {
    super(code, message, options);
    this.name = 'FetchError';
    this.retryAfterMs = options.retryAfterMs;
    this.refusal = options.refusal;
  }
}

/** What to say of a status that is no answer to a GET of a list. */
export function refused(where: string, refusal: Refusal, retryAfterMs: number | undefined): FetchError {
  const { status } = refusal;
  const told = (code: string, message: string, retryable: boolean): FetchError =>
    new FetchError(code, `${where} answered ${status}: ${message}`, { retryable, retryAfterMs, refusal });
  switch (status) {
    case 401:
    case 403:
    case 407:
      return told('FEED_UNAUTHORIZED', 'it does not accept the credentials; check key and headers of the feed', false);
    case 404:
    case 410:
      return told('FEED_NOT_FOUND', 'there is nothing at this URL; check it, the list may have moved', false);
    case 429:
    case 509:
      return told('FEED_RATE_LIMITED', 'asked too often; a longer "every" helps when this comes back', true);
    default:
      if (status >= 500) return told('FEED_SERVER_ERROR', 'its own fault; it will be asked again', true);
      return told('FEED_STATUS', 'that is no answer to a request for a list; check the URL', false);
  }
}

/** Network errors of Node and undici, told apart by code. */
export function networkError(where: string, cause: unknown): FetchError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const told = (own: string, message: string): FetchError =>
    new FetchError(own, `${where}: ${message}`, { cause, retryable: true });
  if (cause instanceof Error && /^Proxy (response|Authentication)/.test(cause.message)) {
    // undici has no code for it; these are its own words, and hold nothing but a status
    return told(
      'FEED_PROXY',
      `the proxy refuses (${printable(cause.message, 80)}); check "proxy", and user and password in it`,
    );
  }
  if (/TIMEOUT|TIMEDOUT/.test(code)) return told('FEED_TIMEOUT', 'no answer in time');
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) return told('FEED_UNREACHABLE', 'the host name is not known now');
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code)) {
    return told('FEED_UNREACHABLE', 'nothing can be reached there');
  }
  if (/CERT|TLS|SSL|UNABLE_TO|EPROTO/.test(code)) {
    if (code.includes('_ALERT_')) {
      return told(
        'FEED_TLS',
        'the server ends the TLS handshake; it may want a client certificate ("tls") or another one',
      );
    }
    return told(
      'FEED_TLS',
      'the TLS connection cannot be trusted or made; "tls.ca" of the feed or NODE_EXTRA_CA_CERTS names a CA of your own',
    );
  }
  if (/^(Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI|ERR_ZSTD)/.test(code)) {
    return told('FEED_BROKEN_ENCODING', 'the compressed answer is damaged or was cut off');
  }
  if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_ABORTED|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|HPE_)/.test(code)) {
    return told('FEED_CUT_OFF', 'the connection broke before the answer was complete');
  }
  return told('FEED_FETCH_FAILED', 'the request failed');
}

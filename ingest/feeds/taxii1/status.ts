import { FetchError, type Refusal } from '../../fetch/fetch-error.ts';
import type { StatusMessage } from '../../formats/taxii1/message.ts';
import { printable } from '../../printable.ts';

/** The status type is kept, so that whoever asked can tell what it means for the question. */
export class Taxii1Error extends FetchError {
  readonly status: string;

  constructor(
    status: string,
    parts: { code: string; message: string; retryable: boolean; retryAfterMs?: number | undefined; refusal?: Refusal },
  ) {
    const { code, message, ...options } = parts;
    super(code, message, options);
    this.name = 'Taxii1Error';
    this.status = status;
  }
}

/** What to say of a status message, which is how TAXII 1 tells errors: with HTTP 200 as a rule. */
export function statusError(message: StatusMessage, refusal?: Refusal, retryAfterMs?: number): Taxii1Error {
  const type = printable(message.type, 60) || 'an unknown status';
  const said = printable(message.text, 300);
  const wait = retryAfterMs ?? (message.wait === undefined ? undefined : Math.min(message.wait * 1000, 86_400_000));
  const told = (code: string, advice: string, retryable: boolean): Taxii1Error =>
    new Taxii1Error(message.type, {
      code,
      message: `the server answers ${type}: ${advice}${said === '' ? '' : ` (it says: ${said})`}`,
      retryable,
      retryAfterMs: wait,
      ...(refusal === undefined ? {} : { refusal }),
    });
  switch (message.type) {
    case 'UNAUTHORIZED':
    case 'DENIED':
      return told(
        'FEED_UNAUTHORIZED',
        'check username and password, or the client certificate, and the rights of the account',
        false,
      );
    case 'NOT_FOUND':
      return told('FEED_NOT_FOUND', 'there is no such collection or result', false);
    case 'RETRY':
      return told('FEED_RATE_LIMITED', 'it wants to be asked again later', true);
    case 'PENDING':
      return told('FEED_PENDING', 'it still prepares the answer, which is fetched later', true);
    case 'FAILURE':
    case 'ASYNCHRONOUS_POLL_ERROR':
      return told('FEED_SERVER_ERROR', 'its own fault; it will be asked again', true);
    default:
      return told(
        'FEED_REQUEST',
        'it does not take the question; check the address, "version" and the names of collections',
        false,
      );
  }
}

import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { FetchError } from '../../fetch/fetch-error.ts';
import type { Fetcher, ListAnswer } from '../../fetch/fetcher.ts';
import { firstHop } from '../../fetch/redirect.ts';
import type { Stix1Reader } from '../../formats/stix1/reader.ts';
import type { Taxii1Message } from '../../formats/taxii1/message.ts';
import { createMessageHandler, readMessage } from '../../formats/taxii1/reader.ts';
import { BINDINGS, type Taxii1Version } from '../../formats/taxii1/requests.ts';
import { createXmlStream } from '../../formats/xml-stream.ts';
import { createTally, type Tally } from '../../tally.ts';
import { statusError } from './status.ts';

export interface ConnectionOptions {
  fetcher: Fetcher;
  /** An address in the configuration, with or without user and password. */
  url: string;
  headers: Readonly<Record<string, string>>;
  version: 'auto' | Taxii1Version;
  /** Services on other origins get the credentials as well. */
  trustAddresses: boolean;
  maxBytes: number;
}

export interface Question {
  address: URL;
  body: string;
  version: Taxii1Version;
  tally: Tally;
  signal: AbortSignal;
  /** Gets the content of a poll response. */
  stix?: Stix1Reader;
  label?(text: string): void;
}

export interface Answered {
  message: Taxii1Message;
  /** The server's own time, as a header tells it. */
  date: string | undefined;
}

/** A TAXII 1 server, as it is reached. */
export interface Connection {
  readonly url: URL;
  /** Whether the credentials go there. */
  trusts(address: URL): boolean;
  /** Where an address leads that the server named; undefined when it is none, or leads from https to http. */
  resolve(address: string): URL | undefined;
  /** Sends a message, hands on the records of its answer, and returns what is around them. */
  ask(question: Question): AsyncGenerator<RawIndicator[], Answered>;
}

export function openConnection(options: ConnectionOptions): Connection {
  const { fetcher, trustAddresses, maxBytes } = options;
  // user and password would not survive in the addresses that the server names
  const { url, credentials } = firstHop(options.url, options.headers);

  function trusts(address: URL): boolean {
    return trustAddresses || address.origin === url.origin;
  }

  async function post({ address, body, version, signal }: Question): Promise<ListAnswer> {
    const { message, services } = BINDINGS[version];
    const trusted = trusts(address);
    const scheme = address.protocol === 'https:' ? 'https' : 'http';
    try {
      return await fetcher.post({
        url: address.href,
        body,
        contentType: 'application/xml',
        accept: 'application/xml',
        headers: {
          'x-taxii-content-type': message,
          'x-taxii-accept': message,
          'x-taxii-services': services,
          'x-taxii-protocol': `urn:taxii.mitre.org:protocol:${scheme}:1.0`,
          ...(trusted ? credentials : {}),
        },
        maxBytes,
        anonymous: !trusted,
        signal,
      });
    } catch (error) {
      throw explained(error);
    }
  }

  return {
    url,
    trusts,
    resolve(text) {
      if (!URL.canParse(text, url.href)) return undefined;
      const address = new URL(text, url);
      const { protocol } = address;
      if (protocol !== 'https:' && (protocol !== 'http:' || url.protocol === 'https:')) return undefined;
      address.username = '';
      address.password = '';
      return address;
    },
    async *ask(question) {
      const answer = await post(question);
      if (answer.headers['x-taxii-content-type'] === undefined) {
        await leave(answer.bytes);
        throw noTaxii(answer.contentType);
      }
      const { stix, tally, label } = question;
      const message = yield* readMessage(answer.bytes, {
        tally,
        ...(stix === undefined ? {} : { stix }),
        ...(label === undefined ? {} : { label }),
      });
      return { message, date: answer.headers.date };
    },
  };
}

/** Whoever begins to read also ends it, and so lets the connection go. */
async function leave(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of bytes) break;
}

function noTaxii(contentType: string): TiplineError {
  const page = /html/i.test(contentType) ? 'a web page' : 'something';
  return new TiplineError(
    'FEED_NOT_TAXII',
    `the server answered with ${page} that is no message of TAXII 1 (it has no X-TAXII-Content-Type): check the address, the account, and whether a proxy or log-in page stands between`,
    { retryable: true },
  );
}

/** With a status that is an error, some servers send a message that says more. */
function explained(error: unknown): unknown {
  if (!(error instanceof FetchError) || error.refusal?.headers['x-taxii-content-type'] === undefined) return error;
  const handler = createMessageHandler({ tally: createTally() });
  try {
    const stream = createXmlStream(handler);
    stream.write(Buffer.from(error.refusal.body));
    stream.end();
  } catch {
    // it is cut off after some KB; what was read will do
  }
  const message = handler.message();
  return message?.kind === 'status' ? statusError(message, error.refusal, error.retryAfterMs) : error;
}

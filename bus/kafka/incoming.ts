import type { Incoming } from '../port.ts';

/** What both ways of reading have in common: kafkajs's messages and those of a scan. */
interface Message {
  key: Buffer | null;
  value: Buffer | null;
  offset: string;
  timestamp: string;
  headers?: Readonly<Record<string, HeaderValue | HeaderValue[] | null | undefined>>;
}

type HeaderValue = Buffer | string;

const NOTHING = Buffer.alloc(0);
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** A record as the port has it: a missing value is an empty one, and of headers with one name the last counts. */
export function toIncoming(message: Message): Incoming {
  return {
    key: message.key === null ? null : message.key.toString('utf8'),
    value: message.value ?? NOTHING,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    headers: message.headers === undefined ? NO_HEADERS : textOf(message.headers),
  };
}

function textOf(headers: NonNullable<Message['headers']>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return NO_HEADERS;
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const last = Array.isArray(value) ? value.at(-1) : value;
      return [name, last === undefined || last === null ? '' : last.toString()];
    }),
  );
}

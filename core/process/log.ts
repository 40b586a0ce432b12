import { pino } from 'pino';
import { codeOf, messageOf } from './errors.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Structured log: fields first, then a sentence. One line a batch or an event of the process, never one a record. */
export interface Log {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
  /** A log whose lines carry `fields` too. */
  child(fields: Fields): Log;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_KEYS = [
  'password',
  'api_key',
  'apiKey',
  'token',
  'authorization',
  'Authorization',
  'key',
  'secret',
  'smtp',
  'auth',
];

/**
 * JSON lines on standard error, so that standard output stays free for results. An error under `error` is logged as its code and
 * message only: client errors hold whole requests, with credentials and with megabytes of documents.
 */
export function createLog(level: LogLevel, destination: NodeJS.WritableStream = process.stderr): Log {
  const redact = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redact, censor: '[hidden]' },
      serializers: { error: describeError, err: describeError },
    },
    destination,
  );
}

/** What may be said of an error in a log line. */
function describeError(error: unknown): { code: string; message: string } {
  return { code: codeOf(error), message: messageOf(error) };
}

const nothing = (): void => {};

/** A log that says nothing: for tests and for commands that answer on standard output alone. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog };

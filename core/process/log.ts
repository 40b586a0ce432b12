import { type Logger, pino } from 'pino';
import { safeFields } from './log-fields.ts';
import { maskSecrets } from './mask.ts';

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

/**
 * JSON lines on standard error, so that standard output stays free for results. Nothing is written as it comes: see `safeFields`.
 */
export function createLog(level: LogLevel, destination: NodeJS.WritableStream = process.stderr): Log {
  return overPino(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        // pino's own would take an error that is told already for a new one
        serializers: { err: (told: unknown) => told },
      },
      destination,
    ),
  );
}

function overPino(target: Logger): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Fields, message: string): void => {
      if (target.isLevelEnabled(level)) target[level](safeFields(fields), maskSecrets(message));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => overPino(target.child(safeFields(fields))),
  };
}

const nothing = (): void => {};

/** A log that says nothing: for tests and for commands that answer on standard output alone. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog };

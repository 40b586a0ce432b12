import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { explain } from './explain.ts';
import { notReached } from './hosts.ts';

// zod has one place for the words of all schemas; whoever makes a schema for the configuration imports this file
z.config({ customError: explain });

const DURATION = 'must be a duration such as 30s, 15m, 6h or 7d';

/** `90s`, `15m`, `6h`, `30d`; becomes milliseconds. */
export const duration = z.union([z.string(), z.number()], { error: DURATION }).transform((input, context): number => {
  const ms = typeof input === 'string' ? parseDuration(input) : undefined;
  if (ms === undefined || ms <= 0) {
    context.addIssue({ code: 'custom', message: DURATION });
    return z.NEVER;
  }
  return ms;
});

const SIZE = 'must be a size such as 512kb, 64mb or 2gb';
const SIZE_UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** `64mb`; becomes bytes. */
export const size = z.string({ error: SIZE }).transform((input, context): number => {
  const match = /^(\d{1,9})\s*(b|kb|mb|gb)$/i.exec(input.trim());
  const unit = match === null ? undefined : SIZE_UNITS[(match[2] ?? '').toLowerCase()];
  if (match === null || unit === undefined || Number(match[1]) === 0) {
    context.addIssue({ code: 'custom', message: SIZE });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});

const PERCENT = 'must be a number from 0 to 100';
export const percent = z.number({ error: PERCENT }).min(0, PERCENT).max(100, PERCENT);
export const names = z.array(z.string().min(1).max(100)).max(100);
/** Names become group ids, file names and metric labels. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be letters, digits, dot, dash or underscore, at most 63');
/** `host:port`, IPv6 in brackets. */
export const hostPort = () =>
  z
    .string()
    .regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, {
      error: 'must be host:port, or [host]:port for IPv6',
      abort: true,
    })
    .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'the port must be 65535 at most');

/** Where tipline listens. */
export const listenAddress = notReached(hostPort());

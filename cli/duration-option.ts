import { parseDuration } from '../core/process/duration.ts';
import { TiplineError } from '../core/process/errors.ts';

/** Milliseconds of an option such as `--until 30d`; USAGE when it is none. */
export function readDuration(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new TiplineError('USAGE', `${option} must be a duration such as 12h or 30d`, { retryable: false });
  return ms;
}

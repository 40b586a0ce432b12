import { createBackoff, pause } from '../../core/process/backoff.ts';
import { TiplineError } from '../../core/process/errors.ts';

export interface ThroughOutagesOptions {
  /** Aborted: `ABORTED` is thrown at once, whatever the step is waiting for. */
  signal: AbortSignal;
  /** Epoch ms; an outage that lasts longer is thrown. */
  deadline?: number;
  /** Told at each failure that is waited for. */
  onAway?(error: TiplineError): void;
}

/** They may be mended while tipline runs, so its workers wait; when nothing has begun yet, saying so beats waiting. */
const FINAL = new Set(['STORE_DENIED', 'STORE_NOT_SET_UP']);

/** Repeats `step` with jittered back-off while its error says that trying again can help; all others are thrown. */
export async function throughOutages<T>(
  step: () => Promise<T>,
  { signal, deadline = Number.POSITIVE_INFINITY, onAway = () => {} }: ThroughOutagesOptions,
): Promise<T> {
  const backoff = createBackoff({ first: 200, most: 5_000 });
  for (;;) {
    try {
      return await unlessAborted(step, signal);
    } catch (error) {
      if (!(error instanceof TiplineError) || error.retryable !== true || FINAL.has(error.code)) throw error;
      const left = deadline - Date.now();
      if (left <= 0) throw error;
      onAway(error);
      await pause(Math.min(backoff.next(), left), signal);
    }
  }
}

/** A step that is given up goes on alone; what it opens late must be registered by itself. */
async function unlessAborted<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new TiplineError('ABORTED', 'a signal came', { retryable: false }));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race(signal.aborted ? [aborted.promise] : [step(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

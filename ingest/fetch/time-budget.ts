/** Time for one request, spent only while waiting for the server: what the bus takes does not count. */
export interface TimeBudget {
  /** Aborted when the time is spent or the caller gave up. */
  readonly signal: AbortSignal;
  readonly spent: boolean;
  spend<T>(wait: () => Promise<T>): Promise<T>;
}

export function createTimeBudget(ms: number, outer: AbortSignal): TimeBudget {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, outer]);
  let left = ms;
  return {
    signal,
    get spent() {
      return own.signal.aborted;
    },
    async spend(wait) {
      const began = performance.now();
      const timer = setTimeout(() => own.abort(), left);
      try {
        return await wait();
      } finally {
        clearTimeout(timer);
        left = Math.max(1, left - (performance.now() - began));
      }
    },
  };
}

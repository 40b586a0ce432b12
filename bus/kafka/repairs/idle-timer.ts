import { kafkajsModule, type Repair } from './upstream.ts';

/** As much of kafkajs's RequestQueue as the repair touches. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2.4 re-arms a timer on every idle connection, for `throttledUntil - now`, which is negative while nothing throttles. Node makes
 * 1 ms of it, which costs 4 to 5 % of a core for nothing and prints a
 * TimeoutNegativeWarning on Node 24. The timer is for requests that wait (throttled, or too many in flight). While none waits there is
 * nothing to look at, and both places that change this (`push`, `fulfillRequest`) schedule the next look themselves.
 */
export const idleTimer: Repair = {
  module: 'network/requestQueue/index.js',
  sha256: 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c',
  apply() {
    const { prototype } = kafkajsModule(this.module) as { prototype: RequestQueue };
    const schedule = prototype.scheduleCheckPendingRequests;
    prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
      if (this.pending.length > 0) schedule.call(this);
    };
  },
};

import { kafkajsModule } from './internals.ts';

/** As much of kafkajs's RequestQueue as the repair touches. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

let repaired = false;

/**
 * kafkajs 2.2.4 re-arms a timer of about 1 ms on every idle connection, which costs 4 to 5 % of a core for nothing and prints a
 * TimeoutNegativeWarning on Node 24. The timer is for requests that wait (throttled, or too many in flight). While none waits there is
 * nothing to look at, and both places that change this (`push`, `fulfillRequest`) schedule the next look themselves.
 */
export function repairIdleTimer(): void {
  if (repaired) return;
  repaired = true;
  const { prototype } = kafkajsModule('network/requestQueue/index.js') as { prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

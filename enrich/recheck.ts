import type { Bus } from '../bus/port.ts';
import { TOPICS } from '../core/contract/topics.ts';

/** Asks, on `ioc.raw`, to derive indicators again: who reads that writes the states, so there is one writer and one order. */
export async function askRechecks(bus: Bus, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await bus.publish(
    TOPICS.raw,
    ids.map((id) => ({ key: id, value: JSON.stringify({ recheck: id }) })),
  );
}

import { ALERTING_GROUP } from '../../alerting/worker.ts';
import { AUDIT_SUBSCRIPTIONS } from '../../audit/worker.ts';
import type { Bus } from '../../bus/port.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { pause } from '../../core/process/backoff.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import { responderGroup } from '../../responder/worker.ts';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings.ts';
import type { Workers } from './workers.ts';

const LOOK_EVERY = 50;

/**
 * Lets everything that the feeds gave flow through all workers of this process, in the order of the topics, then flushes mails and
 * blocks. Returns when nothing is left to do.
 */
export async function drain(
  settings: Settings,
  roles: readonly Role[],
  bus: Bus,
  workers: Workers,
  signal: AbortSignal,
): Promise<void> {
  const caughtUp = async (topic: string, group: string): Promise<void> => {
    while (!signal.aborted && (await bus.lag(topic, group)) > 0) await pause(LOOK_EVERY, signal);
  };
  await workers.ingest?.drained;
  if (roles.includes('enrich')) await caughtUp(TOPICS.raw, ENRICH_GROUP);
  if (roles.includes('alerting')) await caughtUp(TOPICS.enriched, ALERTING_GROUP);
  if (roles.includes('responder')) await caughtUp(TOPICS.enriched, responderGroup(settings.responderName));
  if (signal.aborted) return;
  await workers.alerting?.flush();
  await workers.responder?.settle();
  if (roles.includes('audit')) {
    for (const { topic, group } of Object.values(AUDIT_SUBSCRIPTIONS)) await caughtUp(topic, group);
  }
}

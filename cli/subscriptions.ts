import { ALERTING_GROUP } from '../alerting/worker.ts';
import { AUDIT_SUBSCRIPTIONS } from '../audit/worker.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { ENRICH_GROUP } from '../enrich/worker.ts';
import { responderGroup } from '../responder/worker.ts';
import type { Role } from './roles.ts';
import type { Settings } from './settings.ts';

/** Who reads which topic under which group. */
export interface TopicReader {
  role: Role;
  topic: string;
  group: string;
}

/** All that tipline reads, in the order in which records flow. */
export function subscriptionsOf(settings: Settings): TopicReader[] {
  return [
    { role: 'enrich', topic: TOPICS.raw, group: ENRICH_GROUP },
    { role: 'alerting', topic: TOPICS.enriched, group: ALERTING_GROUP },
    { role: 'responder', topic: TOPICS.enriched, group: responderGroup(settings.responderName) },
    ...Object.values(AUDIT_SUBSCRIPTIONS).map(({ topic, group }): TopicReader => ({ role: 'audit', topic, group })),
  ];
}

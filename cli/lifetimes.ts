import { INDICATOR_TYPES } from '../core/indicator/type.ts';
import { lifetimesOf } from '../enrich/state/policy.ts';
import type { LifetimeOf } from '../ingest/lifetime.ts';

/** How long the enricher lets a statement count, for those who look at records before it does; of an unknown type the shortest. */
export function lifetimeLookUp(told: Readonly<Record<string, number>>): LifetimeOf {
  const lifetimes = lifetimesOf(INDICATOR_TYPES, told);
  const shortest = Math.min(...Object.values(lifetimes));
  return (type) => (type === undefined ? shortest : lifetimes[type]);
}

/** `, 3 expired on arrival (…)`; nothing when none did. */
export function expiredOf(expired: number): string {
  if (expired === 0) return '';
  return `, ${expired.toLocaleString('en')} expired on arrival: seen last more than a lifetime ago, or ended by their source ("lifetime_from: import" counts from today)`;
}

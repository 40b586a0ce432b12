import type { EnrichedDocument } from '../../../core/contract/enriched-document.ts';
import { FEED_HEADER, OUTSIDE_HEADER } from '../../../core/contract/raw-indicator.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface Saying {
  headers: Record<string, string>;
  records: Record<string, unknown>[];
}

const FEEDS: readonly Record<string, string>[] = [
  { [FEED_HEADER]: 'vetted' },
  { [FEED_HEADER]: 'second' },
  { [FEED_HEADER]: 'push', [OUTSIDE_HEADER]: '1' },
  {},
];

/** Statements of several feeds about few indicators, by a seed: undated, revoked, composite, seen again, with all that may stand in a record. */
export function statementsOf(seed: number, now: number): Saying[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const values = Array.from({ length: 30 }, (_, n) =>
    pick([`198.51.100.${n}`, `host-${n}.example`, `HTTP://Bad-${n}.example:80/x?Y=${n}`, `${n}`.padStart(32, 'a')]),
  );
  return Array.from({ length: 25 }, () => {
    const collected = now - random(20) * DAY;
    const records = Array.from({ length: 12 }, () => {
      const told: Record<string, unknown> = {
        indicator: pick(values),
        source: pick(['a', 'b']),
        collected_at: iso(collected),
      };
      if (random(2) === 0) told.ref = `r${random(3)}`;
      if (random(3) > 0) told.timestamp = iso(collected - random(10) * DAY);
      if (random(2) === 0) told.last_seen = iso(collected - random(40) * HOUR);
      if (random(3) === 0) told.first_seen = iso(collected - random(60) * DAY);
      if (random(4) === 0) told.valid_until = iso(now + (random(20) - 10) * DAY);
      if (random(8) === 0) told.valid_from = iso(now + random(5) * DAY + DAY);
      if (random(5) === 0) told.revoked = true;
      if (random(6) === 0) told.composite = true;
      told.confidence = pick([20, 90]);
      if (random(2) === 0) told.severity = pick([10, 95]);
      if (random(2) === 0) told.tags = pick([['malicious'], ['b', 'a'], []]);
      if (random(4) === 0) told.tlp = pick(['RED', 'GREEN']);
      if (random(4) === 0)
        Object.assign(told, { description: 'läuft "so"', reference: 'https://ref.example/1', malware: ['Emotet'] });
      if (random(4) === 0)
        Object.assign(told, { port: 8080, sightings: 3, event_id: 'e-1', file: { name: 'a.exe', size: 12 } });
      if (random(4) === 0) Object.assign(told, { context: { note: 'x', deep: { y: 1 } }, unknown_key: 'z' });
      return told;
    });
    return { headers: pick(FEEDS), records };
  });
}

/** A state without what says when and by which record it was made. */
export function steadyStates(documents: readonly EnrichedDocument[]) {
  return documents.map(({ tipline, threat, tags }) => {
    const { id, value, status, confidence, severity, threat_score, expires_at, recheck_at, sources, composite, why } =
      tipline;
    return {
      ...{ id, value, status, confidence, severity, threat_score, expires_at, recheck_at, sources, composite, why },
      claims: tipline.claims.map(({ origin: _, action: __, ...claim }) => claim),
      threat,
      tags,
    };
  });
}

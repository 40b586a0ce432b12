import { hash } from 'node:crypto';
import fc from 'fast-check';
import { INDICATOR_TYPES } from '../../core/indicator/type.ts';
import type { Claim } from '../../enrich/state/claim.ts';
import type { Policy } from '../../enrich/state/policy.ts';
import { lifetimesOf } from '../../enrich/state/policy.ts';
import { weightsOf } from '../../enrich/state/score.ts';

export const T0 = Date.parse('2026-01-10T00:00:00.000Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const iso = (ms: number): string => new Date(ms).toISOString();

/** A claim of `feed-a` made at T0, with what the test changes. */
export function claim(changes: Partial<Claim> = {}): Claim {
  const made: Claim = {
    feed: 'feed-a',
    outside: false,
    source: 'feed-a',
    ref: '',
    confidence: 90,
    severity: 80,
    timestamp: iso(T0),
    sequence: 0,
    firstSeen: undefined,
    lastSeen: iso(T0),
    validFrom: undefined,
    validUntil: undefined,
    revoked: false,
    composite: false,
    tags: ['malicious'],
    tlp: undefined,
    categories: [],
    malware: [],
    description: '',
    reference: '',
    particulars: undefined,
    hash: '',
    origin: 'ioc.raw-0-0',
    action: 'new',
    ...changes,
  };
  return made.hash === '' ? { ...made, hash: contentHash(made) } : made;
}

/** As of real ones, what outsiders say is never what a feed of ours says. */
function contentHash({ feed, outside, source, ref, confidence, severity, revoked, validFrom, tags }: Claim): string {
  const content = [feed, outside, source, ref, confidence, severity, revoked, validFrom, tags].join('|');
  return hash('sha256', content, 'hex').slice(0, 40);
}

export const policy: Policy = {
  weights: weightsOf({ confidence: 0.7, severity: 0.3 }),
  severity: () => 50,
  lifetimes: lifetimesOf(INDICATOR_TYPES, {}),
};

/** Claims that meet often: few sources, refs, moments and contents. */
export const claims: fc.Arbitrary<Claim> = fc
  .record({
    feed: fc.constantFrom('', 'x', 'y', 'z'),
    outside: fc.boolean(),
    source: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    sequence: fc.nat({ max: 2 }),
    ref: fc.oneof(
      fc.constant(''),
      fc.nat({ max: 24 }).map((n) => `r${n}`),
    ),
    timestamp: fc.nat({ max: 5 }).map((hours) => iso(T0 + hours * HOUR)),
    lastSeen: fc.nat({ max: 3 }).map((hours) => iso(T0 + hours * HOUR)),
    firstSeen: fc.option(
      fc.nat({ max: 9 }).map((days) => iso(T0 - days * DAY)),
      { nil: undefined },
    ),
    validUntil: fc.option(
      fc.nat({ max: 2 }).map((days) => iso(T0 + days * DAY)),
      { nil: undefined },
    ),
    validFrom: fc.option(
      fc.nat({ max: 2 }).map((days) => iso(T0 + days * DAY)),
      { nil: undefined },
    ),
    confidence: fc.constantFrom(10, 90),
    revoked: fc.boolean(),
    origin: fc.nat({ max: 5 }).map((n) => `ioc.raw-0-${n}`),
  })
  .map((parts) => claim(parts));

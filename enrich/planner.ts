import type { Indicator, IndicatorType } from '../core/indicator/type.ts';
import type { GeoFragments, GeoLookup } from './geo/lookup.ts';
import type { AllowList } from './lists/allow-list.ts';
import type { BenignValues } from './lists/warning/benign-values.ts';
import type { Derived } from './state/derive.ts';
import type { Policy } from './state/policy.ts';

/** What planning may look at; no clock and no network. */
export interface Planner {
  readonly policy: Policy;
  readonly allowed: AllowList;
  readonly benign: BenignValues;
  /** Feeds whose word stands against every warning list. */
  readonly exceptFeeds: ReadonlySet<string>;
  readonly geo: GeoLookup;
  /** A sighting that moved by less changes nothing, ms. */
  quantumOf(type: IndicatorType): number;
  /** History days that are kept, ms. */
  readonly historyRetention: number;
}

/** The warning list that knows the value, unless a feed says otherwise whose word stands against it. */
export function benignBy(
  indicator: Indicator,
  { judged }: Derived,
  { benign, exceptFeeds }: Planner,
): string | undefined {
  const list = benign.listOf(indicator);
  if (list === undefined || exceptFeeds.size === 0) return list;
  const excepted = judged.some(({ live, claim }) => live && !claim.composite && exceptFeeds.has(claim.feed));
  return excepted ? undefined : list;
}

/** Where an address lies, and whose it is. */
export function geoFor({ type, value }: Indicator, geo: GeoLookup): GeoFragments {
  if (type === 'ip') return geo.look(value);
  // the network's first address stands for it
  if (type === 'cidr') return geo.look(value.slice(0, value.indexOf('/')));
  return { geo: '', as: '' };
}

import { parsePrefix, prefixOverlaps } from '../../core/indicator/address.ts';
import { SPECIAL_PURPOSE } from '../../core/indicator/special-purpose.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import type { OwnThings } from './own.ts';

/** What of a list is compared with the one before. */
export interface ListProfile {
  /** Records that would be published. */
  records: number;
  types: Record<string, number>;
}

/** What should be on no list. */
export interface Misplaced {
  count: number;
  first: string;
}

export interface FullProfile extends ListProfile {
  /** Addresses that hosts have in networks of their own. */
  inside: Misplaced;
  own: Misplaced;
}

/** Where an operator's own hosts may be, whoever the operator is. Documentation, multicast and the like harm nobody. */
const PRIVATE_NAMES = new Set([
  'this network',
  'private use',
  'shared address space (carrier-grade NAT)',
  'loopback',
  'link-local',
  'unspecified',
  'unique local',
  'site-local (deprecated)',
]);
const PRIVATE = SPECIAL_PURPOSE.filter(({ name }) => PRIVATE_NAMES.has(name)).map(({ prefix }) => prefix);

/** A profile that grows with each record that is shown to it. */
export function createProfile(own: OwnThings): {
  readonly profile: FullProfile;
  /** `undefined`: a record whose text is no indicator. */
  see(indicator: Indicator | undefined): void;
} {
  const types = new Map<string, number>();
  const inside: Misplaced = { count: 0, first: '' };
  const ours: Misplaced = { count: 0, first: '' };
  let records = 0;
  return {
    see(indicator) {
      records += 1;
      const type = indicator?.type ?? 'none';
      types.set(type, (types.get(type) ?? 0) + 1);
      if (indicator === undefined) return;
      if (isPrivate(indicator)) note(inside, indicator);
      if (own.holds(indicator)) note(ours, indicator);
    },
    get profile() {
      return { records, types: Object.fromEntries(types), inside, own: ours };
    },
  };
}

function note(misplaced: Misplaced, { value }: Indicator): void {
  misplaced.count += 1;
  if (misplaced.count === 1) misplaced.first = value;
}

function isPrivate({ type, value }: Indicator): boolean {
  if (type !== 'ip' && type !== 'cidr') return false;
  const prefix = parsePrefix(value);
  return prefix !== undefined && PRIVATE.some((block) => prefixOverlaps(block, prefix));
}

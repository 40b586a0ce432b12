import { formatCidr, formatIp, type Prefix } from '../core/indicator/address.ts';
import { createPrefixIndex, isHost, type PrefixIndex } from '../core/indicator/prefix-index.ts';
import { specialPurpose } from '../core/indicator/special-purpose.ts';

/** Why something must not be blocked: a code for machines and a sentence for an operator. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** Addresses that must stay reachable. */
export interface GuardEntry extends Refusal {
  readonly prefix: Prefix;
}

/** Stands between the policy and the firewall: any overlap with something to be spared refuses. */
export interface Guard {
  check(prefix: Prefix): Refusal | undefined;
  /** Reads the host again; returns what must be spared now and was not before. */
  refresh(): Promise<readonly GuardEntry[]>;
}

/**
 * @param neverBlock entries of the shipped and the operator's never-block lists
 * @param readHost the machine's own addresses, gateways, resolvers and peers as they are now; read at once by `refresh`,
 *   which must therefore be called before the first `check`
 */
export function createGuard(
  neverBlock: readonly GuardEntry[],
  readHost: () => Promise<readonly GuardEntry[]> = async () => [],
): Guard {
  const fixed = createPrefixIndex(neverBlock.map((entry) => [entry.prefix, entry] as const));
  let host: PrefixIndex<GuardEntry> = createPrefixIndex();

  return {
    check(prefix) {
      const special = specialPurpose(prefix);
      if (special !== undefined) {
        return {
          code: 'GUARD_SPECIAL_PURPOSE',
          reason: `${textOf(prefix)} is not public address space: ${special}`,
        };
      }
      const spared = overlapping(host, prefix) ?? overlapping(fixed, prefix);
      if (spared === undefined) return undefined;
      const [asked, kept] = [textOf(prefix), textOf(spared.prefix)];
      const what =
        asked === kept ? `${asked} must stay reachable` : `${asked} overlaps ${kept}, which must stay reachable`;
      return { code: spared.code, reason: `${what}: ${spared.reason}` };
    },
    async refresh() {
      const entries = await readHost();
      const added = entries.filter((entry) => host.get(entry.prefix) === undefined);
      host = createPrefixIndex(entries.map((entry) => [entry.prefix, entry] as const));
      return added;
    },
  };
}

function overlapping(index: PrefixIndex<GuardEntry>, prefix: Prefix): GuardEntry | undefined {
  if (index.size === 0) return undefined;
  return index.covering(prefix)[0] ?? (isHost(prefix) ? undefined : index.inside(prefix)[0]);
}

/** An address without its length, a network with it. */
export function textOf(prefix: Prefix): string {
  return isHost(prefix) ? formatIp(prefix.bytes) : formatCidr(prefix);
}

import { formatCidr, formatIp, type Prefix } from '../../../core/indicator/address.ts';
import { isHost } from '../../../core/indicator/prefix-index.ts';
import { LONGEST_BLOCK } from '../../policy.ts';
import type { Change } from '../backend.ts';
import { SETS, type SetName, setOf, TABLE } from './table.ts';

/**
 * How an element that is there gets a later deadline. A plain re-add with the same timeout changes nothing on any kernel.
 * - expires: re-add with an explicit `expires`, from Linux 6.12;
 * - replace: add, delete and add again in one transaction; the first add makes the delete safe if it has expired meanwhile.
 */
export type Renewal = 'expires' | 'replace';

interface Parts {
  removed: string[];
  added: string[];
  renewed: string[];
}

/**
 * The transaction for some changes. nft is no validator (it resolves host names, reads octal, runs what follows a brace), so
 * this text holds constants, integers and addresses formatted from their bytes, and nothing that anybody sent us.
 *
 * Removals of networks are plain deletes, ahead of everything: nft refuses to add a network over others that it removed by
 * add and delete. They fail when the element has expired meanwhile; hosts are removed by add and delete and never fail.
 */
export function elementScript(changes: readonly Change[], now: number, renewal: Renewal): string {
  const sets = new Map<SetName, Parts>();
  for (const change of changes) {
    const set = setOf(change.prefix);
    const parts = sets.get(set) ?? { removed: [], added: [], renewed: [] };
    sets.set(set, parts);
    const address = addressText(change.prefix);
    if (change.kind === 'remove') {
      parts.removed.push(address);
      continue;
    }
    const seconds = timeoutSeconds(change.until, now);
    if (seconds === undefined) continue;
    // A host that was never told to us may still be there; replacing it costs nothing. A network must be known to be
    // there: the kernel fails to find one that the same transaction added over deleted ones.
    const replaces = renewal === 'replace' && (change.kind === 'renew' || isHost(change.prefix));
    if (replaces) parts.renewed.push(`${address} timeout ${seconds}s`);
    else if (renewal === 'replace') parts.added.push(`${address} timeout ${seconds}s`);
    else parts.added.push(`${address} timeout ${seconds}s expires ${seconds}s`);
  }

  const lines: string[] = [];
  for (const set of SETS) {
    const parts = sets.get(set);
    if (parts === undefined) continue;
    if (parts.removed.length > 0) {
      if (set.startsWith('hosts')) lines.push(command('add', set, parts.removed.map(brief)));
      lines.push(command('delete', set, parts.removed));
    }
    if (parts.added.length > 0) lines.push(command('add', set, parts.added));
    if (parts.renewed.length > 0) {
      lines.push(
        command('add', set, parts.renewed),
        command('delete', set, parts.renewed.map(withoutTimeout)),
        command('add', set, parts.renewed),
      );
    }
  }
  return lines.join('');
}

function command(verb: 'add' | 'delete', set: SetName, elements: readonly string[]): string {
  return `${verb} element ${TABLE} ${set} { ${elements.join(', ')} }\n`;
}

function brief(address: string): string {
  return `${address} timeout 1s`;
}

function withoutTimeout(element: string): string {
  return element.slice(0, element.indexOf(' '));
}

function addressText(prefix: Prefix): string {
  return isHost(prefix) ? formatIp(prefix.bytes) : formatCidr(prefix);
}

/** Whole seconds, at least 1 and at most the longest block: 0 or nothing would make it permanent. Undefined: it is over. */
function timeoutSeconds(until: number, now: number): number | undefined {
  const left = Math.min(until - now, LONGEST_BLOCK);
  if (Number.isNaN(left)) throw new RangeError('a block needs a deadline');
  return left <= 0 ? undefined : Math.ceil(left / 1000);
}

import type { Prefix } from '../../../core/indicator/address.ts';
import { familyOf, isHost } from '../../../core/indicator/prefix-index.ts';

/** Our own table: nobody else's rules are ever touched. */
export const FAMILY = 'inet';
export const TABLE_NAME = 'tipline';
export const TABLE = `${FAMILY} ${TABLE_NAME}`;

export const HOOKS = ['input', 'forward', 'output'] as const;
export type Hook = (typeof HOOKS)[number];

/** Hosts live in hash sets, networks in interval sets: renewing 10,000 takes 0.1 s in the first and minutes in the second. */
export const SETS = ['hosts4', 'hosts6', 'nets4', 'nets6'] as const;
export type SetName = (typeof SETS)[number];

export function setOf(prefix: Prefix): SetName {
  const family = familyOf(prefix);
  return isHost(prefix) ? `hosts${family}` : `nets${family}`;
}

/** Before the usual filter chains (0), so that a blocked source loses established connections too; unusual, so nobody shares it. */
const PRIORITY = -150;

const COUNTERS: Readonly<Record<Hook, readonly string[]>> = {
  input: ['input'],
  forward: ['forward_from', 'forward_to'],
  output: ['output'],
};

/**
 * Makes what is missing and rewrites the rules, in one transaction; elements and counters stay. Never `auto-merge`:
 * merged intervals get one member's timeout. An allow set would be matched with accept at the head of all three chains:
 * on input alone, the output chain drops the reply.
 */
export function installScript(hooks: readonly Hook[], setSize: number): string {
  const lines = [`add table ${TABLE}`];
  for (const set of SETS) {
    const type = set.endsWith('4') ? 'ipv4_addr' : 'ipv6_addr';
    const flags = set.startsWith('nets') ? 'interval,timeout' : 'timeout';
    lines.push(`add set ${TABLE} ${set} { type ${type}; flags ${flags}; size ${setSize}; }`);
  }
  for (const hook of HOOKS) {
    if (!hooks.includes(hook)) {
      lines.push(`add chain ${TABLE} ${hook}`, `flush chain ${TABLE} ${hook}`, `delete chain ${TABLE} ${hook}`);
      continue;
    }
    for (const counter of COUNTERS[hook]) lines.push(`add counter ${TABLE} ${counter}`);
    lines.push(
      `add chain ${TABLE} ${hook} { type filter hook ${hook} priority ${PRIORITY}; policy accept; }`,
      `flush chain ${TABLE} ${hook}`,
    );
    if (hook !== 'output') lines.push(...dropRules(hook, 'saddr', hook === 'forward' ? 'forward_from' : 'input'));
    if (hook !== 'input') lines.push(...dropRules(hook, 'daddr', hook === 'forward' ? 'forward_to' : 'output'));
  }
  return `${lines.join('\n')}\n`;
}

function dropRules(hook: Hook, side: 'saddr' | 'daddr', counter: string): string[] {
  return SETS.map((set) => {
    const header = set.endsWith('4') ? 'ip' : 'ip6';
    return `add rule ${TABLE} ${hook} ${header} ${side} @${set} counter name ${counter} drop`;
  });
}

/** Safe when the table is not there. */
export const TEARDOWN_SCRIPT = `add table ${TABLE}\ndelete table ${TABLE}\n`;

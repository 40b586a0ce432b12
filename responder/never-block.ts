import { parsePrefix } from '../core/indicator/address.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { GuardEntry } from './guard.ts';

const CODE = 'GUARD_NEVER_BLOCK';
/** Of what stands under `own`. */
export const GUARD_OWN = 'GUARD_OWN';
const MOST_ENTRIES = 1_000_000;

/**
 * Reads an operator's never-block file: one address or CIDR a line, `#` begins a comment, which becomes the reason.
 * A line that cannot be read is an error, never skipped: it was written to keep something reachable.
 */
export function neverBlockLines(lines: readonly string[], file: string): GuardEntry[] {
  const entries: GuardEntry[] = [];
  lines.forEach((line, index) => {
    const hash = line.indexOf('#');
    const text = (hash < 0 ? line : line.slice(0, hash)).trim();
    if (text === '') return;
    const comment = hash < 0 ? '' : line.slice(hash + 1).trim();
    const prefix = parsePrefix(text);
    if (prefix === undefined) throw unreadable(file, index + 1, text);
    if (entries.length >= MOST_ENTRIES) {
      throw new TiplineError('NEVER_BLOCK_TOO_LARGE', `${file} has more than ${MOST_ENTRIES} entries: write networks`, {
        retryable: false,
      });
    }
    entries.push({ prefix, code: CODE, reason: comment === '' ? `listed in ${file}` : `${comment} (${file})` });
  });
  return entries;
}

/**
 * Reads `rules/never-block.yaml`, already parsed: a list of groups with `name`, `reason`, `source` and `addresses`.
 *
 * @param lineOf the line of a value in the file, for error messages
 */
export function neverBlockRules(
  value: unknown,
  file: string,
  lineOf: (keys: readonly PropertyKey[]) => number,
): GuardEntry[] {
  if (!Array.isArray(value)) throw misshapen(file, 1, 'must be a list of groups');
  return value.flatMap((group: unknown, at) => {
    if (typeof group !== 'object' || group === null || !('addresses' in group) || !Array.isArray(group.addresses)) {
      throw misshapen(file, lineOf([at]), 'each group needs a name and a list of addresses');
    }
    const name = 'name' in group && typeof group.name === 'string' ? group.name : undefined;
    if (name === undefined) throw misshapen(file, lineOf([at]), 'each group needs a name and a list of addresses');
    return group.addresses.map((text: unknown, index): GuardEntry => {
      const prefix = typeof text === 'string' ? parsePrefix(text) : undefined;
      if (prefix === undefined) throw unreadable(file, lineOf([at, 'addresses', index]), String(text));
      return { prefix, code: CODE, reason: name };
    });
  });
}

/** The operator's own networks and addresses, as they stand under `own`; domains among them are told by `ownDomains`. */
export function ownNetworks(own: readonly string[]): GuardEntry[] {
  return own.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [{ prefix, code: GUARD_OWN, reason: 'it is yours (own)' }];
  });
}

export function ownDomains(own: readonly string[]): string[] {
  return own.filter((text) => parsePrefix(text) === undefined);
}

function unreadable(file: string, line: number, text: string): TiplineError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new TiplineError(
    'NEVER_BLOCK_SYNTAX',
    `${file}:${line}: ${JSON.stringify(shown)} is neither an address nor a CIDR such as 203.0.113.0/24`,
    { retryable: false },
  );
}

function misshapen(file: string, line: number, message: string): TiplineError {
  return new TiplineError('NEVER_BLOCK_SYNTAX', `${file}:${line}: ${message}`, { retryable: false });
}

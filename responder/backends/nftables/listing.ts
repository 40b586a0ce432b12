import { parseIp, parsePrefix } from '../../../core/indicator/address.ts';
import type { Installed } from '../backend.ts';

/** Entries of libnftables' JSON (libnftables-json(5)) under one kind: `objects(text, 'chain')`. */
export function objects(json: string, kind: string): Record<string, unknown>[] {
  const parsed: unknown = JSON.parse(json);
  const list = isObject(parsed) && Array.isArray(parsed.nftables) ? parsed.nftables : [];
  return list.flatMap((entry: unknown) => {
    const found = isObject(entry) ? entry[kind] : undefined;
    return isObject(found) ? [found] : [];
  });
}

/**
 * Elements of the sets in `nft -j list set`. With a timeout: `{elem: {val, timeout, expires}}` (whole seconds left), without
 * one just the value; a network is `{prefix: {addr, len}}`. What is none of these (a range that somebody added) is left out.
 */
export function installedIn(json: string, now: number): Installed[] {
  return objects(json, 'set').flatMap((set) => {
    const elements = Array.isArray(set.elem) ? set.elem : [];
    return elements.flatMap((element: unknown): Installed[] => {
      const timed = isObject(element) && isObject(element.elem) ? element.elem : undefined;
      const prefix = prefixOf(timed === undefined ? element : timed.val);
      if (prefix === undefined) return [];
      const expires = timed?.expires;
      return [{ prefix, until: typeof expires === 'number' ? now + expires * 1000 : Number.POSITIVE_INFINITY }];
    });
  });
}

function prefixOf(value: unknown): Installed['prefix'] | undefined {
  if (typeof value === 'string') {
    const bytes = parseIp(value);
    return bytes === undefined ? undefined : { bytes, length: bytes.length * 8 };
  }
  const prefix = isObject(value) ? value.prefix : undefined;
  return isObject(prefix) ? parsePrefix(`${String(prefix.addr)}/${String(prefix.len)}`) : undefined;
}

/** Packets by named counter. */
export function countersIn(json: string): Map<string, number> {
  return new Map(objects(json, 'counter').map((counter) => [String(counter.name), Number(counter.packets)]));
}

/** Tables, sets, chains and rules without handles and counts: differs when somebody changed our table. */
export function fingerprint(json: string): string {
  const parts = ['table', 'set', 'chain', 'rule'].map((kind) =>
    objects(json, kind).map(({ handle: _, ...rest }) => rest),
  );
  return JSON.stringify(parts);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

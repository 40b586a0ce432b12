import { momentOf } from '../../../core/contract/told-time.ts';
import { ownCopy } from '../own-copy.ts';

/** Year 9999, and what is later, is how STIX 1 authors write that there is no end. */
const NEVER = Date.UTC(9999, 0, 1);
const ZONE = /(?:z|[+-]\d\d:?\d\d)$/i;
const LONGEST_TIME = 40;

/** An `xs:dateTime` with its zone, UTC where none is given. Undefined for what is no time, and for one that stands for never. */
export function timeOf(text: string | undefined): string | undefined {
  const written = text?.trim() ?? '';
  if (written === '' || written.length > LONGEST_TIME) return undefined;
  if (last.written !== written) last = { written: ownCopy(written), time: readTime(written) };
  return last.time;
}

/** The same time stands in many places of a package. */
let last: { written: string; time: string | undefined } = { written: '', time: undefined };

function readTime(written: string): string | undefined {
  const time = !written.includes('T') || ZONE.test(written) ? written : `${written}Z`;
  const at = momentOf(time);
  return at === undefined || at >= NEVER ? undefined : time;
}

/** The latest of some times that `timeOf` gave. */
export function latest(times: readonly string[]): string | undefined {
  return extreme(times, 1);
}

/** The earliest of some times that `timeOf` gave. */
export function earliest(times: readonly string[]): string | undefined {
  return extreme(times, -1);
}

function extreme(times: readonly string[], sign: 1 | -1): string | undefined {
  let best = times[0];
  for (const time of times) {
    if (best !== undefined && best !== time && sign * (Date.parse(time) - Date.parse(best)) > 0) best = time;
  }
  return best;
}

import { typeFromAlias } from '../core/indicator/alias.ts';
import { canonicalise } from '../core/indicator/canonical.ts';
import { inferType } from '../core/indicator/infer.ts';
import { refang } from '../core/indicator/refang.ts';
import type { Indicator } from '../core/indicator/type.ts';
import { TiplineError } from '../core/process/errors.ts';

/** Reads an indicator that an operator typed, defanged or not; `told` is the --type option. */
export function readIndicatorArgument(text: string, told?: string): Indicator {
  const type = told === undefined ? inferType(refang(text)) : typeFromAlias(told);
  if (told !== undefined && type === undefined) {
    throw new TiplineError('USAGE', `${told} is not a type of indicator: try ip, cidr, domain, url, email, sha256, …`, {
      retryable: false,
    });
  }
  const canonical = canonicalise(text, type);
  if (!canonical.ok)
    throw new TiplineError('USAGE', `${text.slice(0, 80)}: ${canonical.message}`, { retryable: false });
  return canonical.indicator;
}

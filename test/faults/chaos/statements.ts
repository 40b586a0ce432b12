import type { Random } from './random.ts';

/** What a sender says of an indicator; without a time, so that the order of saying counts. */
export interface Statement {
  readonly indicator: string;
  readonly confidence: number;
  readonly severity: number;
  readonly revoked: boolean;
  /** Makes every new statement another one. */
  readonly description: string;
}

export type Sender = 'vetted' | 'push';

const INDICATORS = 600;
export const LISTABLE = 200;

/** Every tenth is always above the threshold, three of ten never; the others are now this and now that. */
type Temper = 'loud' | 'quiet' | 'fickle';

export function temperOf(indicator: string): Temper {
  const n = Number(indicator.slice(indicator.lastIndexOf('.') + 1)) % 10;
  return n === 0 ? 'loud' : n <= 3 ? 'quiet' : 'fickle';
}

function nameOf(n: number): string {
  return `45.130.${n >> 8}.${n & 255}`;
}

/** The members that the list may have. */
export function listedName(n: number): string {
  return `45.131.0.${n}`;
}

const SAYS: Readonly<Record<Temper, { confidence: readonly number[]; severity: readonly number[]; revoked: number }>> =
  {
    loud: { confidence: [95, 99], severity: [90, 95], revoked: 0 },
    quiet: { confidence: [5, 30, 70], severity: [0, 40, 80], revoked: 0.2 },
    fickle: { confidence: [5, 79, 80, 95], severity: [0, 50, 100], revoked: 0.25 },
  };

/** Says something new of some indicator, or at times the very same again; remembers what each sender said last. */
export function createTeller(random: Random) {
  const last = new Map<string, Statement>();
  let told = 0;
  return (sender: Sender): Statement => {
    const indicator = nameOf(random.below(INDICATORS));
    const key = `${sender} ${indicator}`;
    const before = last.get(key);
    if (before !== undefined && random.next() < 0.3) return before;
    const says = SAYS[temperOf(indicator)];
    told += 1;
    const statement = {
      indicator,
      confidence: random.pick(says.confidence),
      severity: random.pick(says.severity),
      revoked: random.next() < says.revoked,
      description: `statement ${told}`,
    };
    last.set(key, statement);
    return statement;
  };
}

export function asRecord({ indicator, confidence, severity, revoked, description }: Statement, source: string): string {
  return JSON.stringify({ indicator, source, confidence, severity, revoked, description, tags: ['malicious'] });
}

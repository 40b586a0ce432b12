import { type Sender, type Statement, temperOf } from './statements.ts';

/**
 * What must stand at the end, worked out by itself from what was sent: no code of tipline has a part in it.
 */
export interface Model {
  says(sender: Sender, statement: Statement): void;
  /** Something that is no indicator. */
  broken(indicator: string): void;
  /** The list as it was served last. */
  lists(members: ReadonlySet<string>): void;
  expected(): Expected;
}

export interface ExpectedState {
  readonly status: 'active' | 'revoked';
  readonly score: number;
  /** `feed confidence/severity` or `feed revoked`, sorted. */
  readonly claims: readonly string[];
  /** `maybe`: it was sure once and is not any more, which lets a block that stands run to its end. */
  readonly blocked: 'yes' | 'no' | 'maybe';
}

export interface Expected {
  readonly states: ReadonlyMap<string, ExpectedState>;
  readonly listed: ReadonlySet<string>;
  /** Different statements, by sender. */
  readonly history: Readonly<Record<Sender, number>>;
  /** `most`: what was mailed for outsiders alone is mailed again when the feed says it. */
  readonly loud: readonly { readonly indicator: string; readonly most: number }[];
  readonly quiet: readonly string[];
  readonly broken: ReadonlySet<string>;
}

export function createModel(): Model {
  const last = new Map<string, Map<Sender, Statement>>();
  const sureOnce = new Set<string>();
  const different: Record<Sender, Set<string>> = { vetted: new Set(), push: new Set() };
  const broken = new Set<string>();
  let listed: ReadonlySet<string> = new Set();
  return {
    says(sender, statement) {
      different[sender].add(statement.description);
      if (sender === 'vetted' && isSure(statement)) sureOnce.add(statement.indicator);
      const of = last.get(statement.indicator) ?? new Map<Sender, Statement>();
      of.set(sender, statement);
      last.set(statement.indicator, of);
    },
    broken: (indicator) => void broken.add(indicator),
    lists(members) {
      listed = members;
    },
    expected() {
      const indicators = [...last.keys()];
      const loud = indicators
        .filter((each) => temperOf(each) === 'loud')
        .map((indicator) => ({ indicator, most: last.get(indicator)?.size ?? 1 }));
      return {
        states: new Map([...last].map(([indicator, of]) => [indicator, stateOf(of, sureOnce.has(indicator))])),
        listed,
        history: { vetted: different.vetted.size, push: different.push.size },
        loud,
        quiet: indicators.filter((each) => temperOf(each) === 'quiet'),
        broken,
      };
    },
  };
}

function isSure({ revoked, confidence }: Statement): boolean {
  return !revoked && confidence >= 80;
}

function stateOf(of: ReadonlyMap<Sender, Statement>, sureOnce: boolean): ExpectedState {
  const live = [...of].filter(([, { revoked }]) => !revoked);
  const scores = live.map(([, { confidence, severity }]) => Math.floor((7 * confidence + 3 * severity) / 10));
  const vetted = of.get('vetted');
  return {
    status: live.length > 0 ? 'active' : 'revoked',
    score: Math.max(0, ...scores),
    claims: [...of]
      .map(([sender, { confidence, severity, revoked }]) =>
        revoked ? `${sender} revoked` : `${sender} ${confidence}/${severity}`,
      )
      .sort(),
    blocked: vetted === undefined || vetted.revoked || !sureOnce ? 'no' : isSure(vetted) ? 'yes' : 'maybe',
  };
}

import type { EventAction } from '../core/contract/enriched-document.ts';
import { isoOf, parseIso } from '../core/contract/told-time.ts';
import type { Indicator, IndicatorType } from '../core/indicator/type.ts';
import type { HistoryWrite, IndicatorWrite, StoredState } from '../store/port.ts';
import { type Rendered, type Rendering, render } from './document.ts';
import type { Group, Item } from './group.ts';
import { type Change, historyOf } from './history.ts';
import { geoFor, type Planner } from './planner.ts';
import type { Sheet } from './sheet.ts';
import type { Claim } from './state/claim.ts';
import { type Derived, derive } from './state/derive.ts';
import type { State } from './state/merge.ts';

/** What goes into the store and on `ioc.enriched` for an indicator. */
export interface PlannedWrite {
  kind: 'write';
  group: Group;
  /** History of statements that the same batch already replaced: must be safe before the state forgets them. */
  early: IndicatorWrite | undefined;
  write: IndicatorWrite;
  /** The value for `ioc.enriched`. */
  current: Buffer;
  action: EventAction;
  type: IndicatorType;
  score: number;
  settled: SettledClaims;
}

/** What need not be looked at again once the plan is carried out. */
export interface SettledClaims {
  readonly indicator: Indicator;
  readonly claims: readonly Claim[];
  readonly firstSeen: string;
}

/** A record that was merged before a crash: its effects may be missing. `claim` is what the memory holds of it, if it still does. */
export interface Again {
  readonly item: Item;
  readonly claim: Claim | undefined;
}

interface ChangeArguments {
  group: Group;
  indicator: Indicator;
  stored: StoredState | undefined;
  state: State;
  derived: Derived;
  benign: string | undefined;
  changes: readonly Change[];
  again: readonly Again[];
  planner: Planner;
  sheet: Sheet;
  now: number;
}

/** A new revision of the indicator, with what was said in history, and what a crash may have kept from it. */
export function change({
  group,
  indicator,
  stored,
  state,
  derived,
  benign,
  changes,
  again,
  planner,
  sheet,
  now,
}: ChangeArguments): PlannedWrite {
  const revision = (stored?.tipline.revision ?? 0) + 1;
  const last = changes.at(-1);
  const lastOrigin = last?.claim.origin ?? group.items.at(-1)?.origin ?? '';
  const action = isBornAgain(again, stored)
    ? 'new'
    : last === undefined
      ? actionOfStatus(derived.status)
      : strongest(changes);
  const rendered = renderState(
    { id: group.id, indicator, derived, benign, state, planner, sheet },
    {
      // revisions that begin anew are those of another life
      life: stored === undefined ? now : (stored.tipline.life ?? 0),
      revision,
      born: stored?.tipline.born ?? changes[0]?.claim.origin ?? lastOrigin,
      cause: lastOrigin,
      action,
      provider: last?.claim.source ?? stored?.provider ?? derived.winner.claim.source,
      changedAt: isoOf(now),
    },
  );
  const early: HistoryWrite[] = [];
  const history: HistoryWrite[] = [];
  for (const each of [...missedBy(again), ...changes]) {
    // a later sighting of the same statement is no new statement
    if (each.action === 'seen' || each.inHistory) continue;
    const kept = state.claims.some((claim) => claim.origin === each.claim.origin);
    (kept ? history : early).push(historyOf(each, indicator, rendered, planner, now));
  }
  return {
    kind: 'write',
    group,
    early: early.length === 0 ? undefined : { id: group.id, revision, current: null, history: early },
    write: { id: group.id, revision, current: rendered.current, history },
    current: rendered.current,
    action,
    type: indicator.type,
    score: derived.score,
    settled: settledOf(group, indicator, state),
  };
}

interface RedoArguments {
  group: Group;
  indicator: Indicator;
  stored: StoredState;
  state: State;
  again: readonly Again[];
  planner: Planner;
  sheet: Sheet;
}

/**
 * The records were merged before a crash: history and message may be missing, so both are made again, with the revision and the action
 * they had. Derived as of the moment of that change, so that it comes out the same.
 */
export function redo({ group, indicator, stored, state, again, planner, sheet }: RedoArguments): PlannedWrite {
  const { tipline } = stored;
  const then = parseIso(stored.changedAt);
  const action = isBornAgain(again, stored) ? 'new' : stored.action;
  const derived = derive(indicator.type, state, tipline.why.allowed_by, planner.policy, then);
  const { life = 0, revision, born, cause } = tipline;
  const { provider, changedAt } = stored;
  const rendered = renderState(
    { id: group.id, indicator, derived, benign: tipline.benign, state, planner, sheet },
    { life, revision, born, cause, action, provider, changedAt },
  );
  const missed = missedBy(again).filter(({ action: made }) => made !== 'seen');
  const history = missed.map((each) => historyOf(each, indicator, rendered, planner, then));
  return {
    kind: 'write',
    group,
    early: undefined,
    write: { id: group.id, revision: tipline.revision, current: null, history },
    current: rendered.current,
    action,
    type: indicator.type,
    score: derived.score,
    settled: settledOf(group, indicator, state),
  };
}

/** The record that made the indicator is read again, so nobody may have been told that it is new. */
function isBornAgain(again: readonly Again[], stored: StoredState | undefined): boolean {
  return again.some(({ item }) => item.origin === stored?.tipline.born);
}

function missedBy(again: readonly Again[]): Change[] {
  return again.flatMap(({ item: { report }, claim }) =>
    report === undefined || claim === undefined ? [] : [{ report, claim, action: claim.action, inHistory: false }],
  );
}

interface StateAt {
  id: string;
  indicator: Indicator;
  derived: Derived;
  benign: string | undefined;
  state: State;
  planner: Planner;
  sheet: Sheet;
}

type Marks = Pick<Rendering, 'life' | 'revision' | 'born' | 'cause' | 'action' | 'provider' | 'changedAt'>;

function renderState({ id, indicator, derived, benign, state, planner, sheet }: StateAt, marks: Marks): Rendered {
  return render(sheet, {
    id,
    indicator,
    derived,
    benign,
    firstSeen: state.firstSeen,
    geo: geoFor(indicator, planner.geo),
    weights: planner.policy.weights,
    ...marks,
  });
}

function strongest(changes: readonly Change[]): EventAction {
  for (const action of ['new', 'revoked', 'updated'] as const)
    if (changes.some((each) => each.action === action)) return action;
  return 'seen';
}

function actionOfStatus(status: Derived['status']): EventAction {
  if (status === 'expired' || status === 'revoked') return status;
  return 'updated';
}

export function settledOf(group: Group, indicator: Indicator, state: State): SettledClaims {
  const { firstSeen } = state;
  if (state.claims.length === 1) return { indicator, claims: state.claims, firstSeen };
  const told = group.items.flatMap(({ report }) => (report === undefined ? [] : [report.claim]));
  const claims = state.claims.filter((claim) =>
    told.some((each) => each.feed === claim.feed && each.source === claim.source && each.ref === claim.ref),
  );
  return { indicator, claims, firstSeen };
}

import type { EventAction, TiplinePart } from '../core/contract/enriched-document.ts';
import { IN_HISTORY, REBUILD_HEADER } from '../core/contract/raw-indicator.ts';
import { isoOf, parseIso } from '../core/contract/told-time.ts';
import type { Indicator, IndicatorType } from '../core/indicator/type.ts';
import type { HistoryWrite, IndicatorWrite, StoredState } from '../store/port.ts';
import { type Rendered, type Rendering, render } from './document.ts';
import type { GeoLookup } from './geo/lookup.ts';
import type { Group, Item } from './group.ts';
import { type Change, historyOf } from './history.ts';
import type { AllowList } from './lists/allow-list.ts';
import type { BenignValues } from './lists/warning/benign-values.ts';
import type { Sheet } from './sheet.ts';
import { adopt } from './state/adopt.ts';
import { changeOf } from './state/change.ts';
import { type Claim, fromSlim } from './state/claim.ts';
import { type Derived, derive } from './state/derive.ts';
import { merge, type State, stateOf } from './state/merge.ts';
import type { Policy } from './state/policy.ts';

/** What planning may look at; no clock and no network. */
export interface Planner {
  readonly policy: Policy;
  readonly allowed: AllowList;
  readonly benign: BenignValues;
  /** Feeds whose word stands against every warning list. */
  readonly exceptFeeds: ReadonlySet<string>;
  readonly geo: GeoLookup;
  /** A sighting that moved by less changes nothing, ms. */
  quantumOf(type: IndicatorType): number;
  /** History days that are kept, ms. */
  readonly historyRetention: number;
}

/** What a group of records does to its indicator. */
export type Plan =
  | { kind: 'nothing'; group: Group; settled: SettledClaims | undefined }
  | {
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
    };

/** What need not be looked at again once the plan is carried out. */
export interface SettledClaims {
  readonly indicator: Indicator;
  readonly claims: readonly Claim[];
  readonly firstSeen: string;
}

/** Merges a group's records into the stored state, in their order, and renders what follows. Pure; `now` is epoch ms. */
export function plan(told: Group, stored: StoredState | undefined, planner: Planner, sheet: Sheet, now: number): Plan {
  const indicator = told.indicator ?? (stored === undefined ? undefined : indicatorOf(stored.tipline));
  // a recheck of what is not there any more
  if (indicator === undefined) return { kind: 'nothing', group: told, settled: undefined };

  const { group, claims } = housed(told, stored?.tipline.claims.map(fromSlim));
  const before = stored === undefined || claims === undefined ? undefined : { claims, firstSeen: stored.firstSeen };
  const { state, changes, again } = mergeAll(group, before, stored, planner.quantumOf(indicator.type));
  if (state === undefined) return { kind: 'nothing', group, settled: undefined };

  const recheck = group.items.some((item) => item.report === undefined);
  if (changes.length > 0 || (recheck && stored !== undefined)) {
    const derived = derive(indicator.type, state, planner.allowed.reasonFor(indicator), planner.policy, now);
    const benign = benignBy(indicator, derived, planner);
    const rederived = stored !== undefined && (differs(derived, stored.tipline) || benign !== stored.tipline.benign);
    if (changes.length > 0 || rederived)
      return change({ group, indicator, stored, state, derived, benign, changes, planner, sheet, now });
  }
  if (again.length > 0 && stored !== undefined) return redo({ group, indicator, stored, state, again, planner, sheet });
  return { kind: 'nothing', group, settled: settledOf(group, indicator, state) };
}

/** A batch and a memory in which every claim has its feed, where one speaks in its place (adopt). */
function housed(
  told: Group,
  remembered: readonly Claim[] | undefined,
): { group: Group; claims: readonly Claim[] | undefined } {
  const isOrphan = ({ feed }: Claim): boolean => feed === '';
  const anyTold = told.items.some(({ report }) => report !== undefined && isOrphan(report.claim));
  if (!anyTold && remembered?.some(isOrphan) !== true) return { group: told, claims: remembered };
  const adopted = adopt(
    remembered ?? [],
    told.items.flatMap(({ report }) => report?.claim ?? []),
  );
  const claims = adopted.told.values();
  const items = told.items.map((item) =>
    item.report === undefined
      ? item
      : { ...item, report: { ...item.report, claim: claims.next().value ?? item.report.claim } },
  );
  return { group: { ...told, items }, claims: remembered === undefined ? undefined : adopted.known };
}

function mergeAll(group: Group, before: State | undefined, stored: StoredState | undefined, quantum: number) {
  const changes: Change[] = [];
  const again: Item[] = [];
  let state = before;
  for (const item of group.items) {
    const { report } = item;
    const action = report === undefined ? 'nothing' : changeOf(state, report.claim, quantum);
    if (report !== undefined && action !== 'nothing') {
      const claim = { ...report.claim, action };
      state = state === undefined ? stateOf(claim) : merge(state, stateOf(claim));
      changes.push({ report, claim, action, inHistory: item.record.headers[REBUILD_HEADER] === IN_HISTORY });
    } else if (stored !== undefined && isCause(item.origin, stored.tipline)) again.push(item);
  }
  return { state, changes, again };
}

/** Did this record make the state what it is? Then it is read a second time after a crash, and its effects may be missing. */
function isCause(origin: string, tipline: TiplinePart): boolean {
  return origin === tipline.cause || origin === tipline.born || tipline.claims.some((claim) => claim.origin === origin);
}

interface ChangeArguments {
  group: Group;
  indicator: Indicator;
  stored: StoredState | undefined;
  state: State;
  derived: Derived;
  benign: string | undefined;
  changes: readonly Change[];
  planner: Planner;
  sheet: Sheet;
  now: number;
}

function change({
  group,
  indicator,
  stored,
  state,
  derived,
  benign,
  changes,
  planner,
  sheet,
  now,
}: ChangeArguments): Plan {
  const revision = (stored?.tipline.revision ?? 0) + 1;
  const last = changes.at(-1);
  const lastOrigin = last?.claim.origin ?? group.items.at(-1)?.origin ?? '';
  const action = last === undefined ? actionOfStatus(derived.status) : strongest(changes);
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
  for (const each of changes) {
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
  again: readonly Item[];
  planner: Planner;
  sheet: Sheet;
}

/**
 * The records were merged before a crash: history and message may be missing, so both are made again, with the revision and the action
 * they had. Derived as of the moment of that change, so that it comes out the same.
 */
function redo({ group, indicator, stored, state, again, planner, sheet }: RedoArguments): Plan {
  const { tipline } = stored;
  const then = parseIso(stored.changedAt);
  const action = again.some((item) => item.origin === tipline.born) ? 'new' : stored.action;
  const derived = derive(indicator.type, state, tipline.why.allowed_by, planner.policy, then);
  const { life = 0, revision, born, cause } = tipline;
  const { provider, changedAt } = stored;
  const rendered = renderState(
    { id: group.id, indicator, derived, benign: tipline.benign, state, planner, sheet },
    { life, revision, born, cause, action, provider, changedAt },
  );
  const history = again.flatMap(({ report, origin }) => {
    const claim = state.claims.find((each) => each.origin === origin);
    if (report === undefined || claim === undefined || claim.action === 'seen') return [];
    return [historyOf({ report, claim, action: claim.action, inHistory: false }, indicator, rendered, planner, then)];
  });
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

/** The warning list that knows the value, unless a feed says otherwise whose word stands against it. */
function benignBy(indicator: Indicator, { judged }: Derived, { benign, exceptFeeds }: Planner): string | undefined {
  const list = benign.listOf(indicator);
  if (list === undefined || exceptFeeds.size === 0) return list;
  const excepted = judged.some(({ live, claim }) => live && !claim.composite && exceptFeeds.has(claim.feed));
  return excepted ? undefined : list;
}

function geoFor({ type, value }: Indicator, geo: GeoLookup) {
  if (type === 'ip') return geo.look(value);
  // the network's first address stands for it
  if (type === 'cidr') return geo.look(value.slice(0, value.indexOf('/')));
  return { geo: '', as: '' };
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

/** Does a new derivation say something else than the document that stands there? */
function differs(derived: Derived, tipline: TiplinePart): boolean {
  const { winner } = derived;
  return (
    derived.status !== tipline.status ||
    derived.score !== tipline.threat_score ||
    winner.claim.confidence !== tipline.confidence ||
    winner.severity !== tipline.severity ||
    isoOf(derived.expiresAt) !== tipline.expires_at ||
    (derived.recheckAt === undefined ? undefined : isoOf(derived.recheckAt)) !== tipline.recheck_at ||
    derived.composite !== tipline.composite ||
    derived.allowedBy !== tipline.why.allowed_by ||
    derived.sources.join('\0') !== tipline.sources.join('\0')
  );
}

function settledOf(group: Group, indicator: Indicator, state: State): SettledClaims {
  const { firstSeen } = state;
  if (state.claims.length === 1) return { indicator, claims: state.claims, firstSeen };
  const told = group.items.flatMap(({ report }) => (report === undefined ? [] : [report.claim]));
  const claims = state.claims.filter((claim) =>
    told.some((each) => each.feed === claim.feed && each.source === claim.source && each.ref === claim.ref),
  );
  return { indicator, claims, firstSeen };
}

function indicatorOf({ type, value }: TiplinePart): Indicator {
  return { type, value };
}

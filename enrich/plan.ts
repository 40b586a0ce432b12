import type { TiplinePart } from '../core/contract/enriched-document.ts';
import { IN_HISTORY, REBUILD_HEADER } from '../core/contract/raw-indicator.ts';
import { isoOf } from '../core/contract/told-time.ts';
import type { Indicator } from '../core/indicator/type.ts';
import type { StoredState } from '../store/port.ts';
import type { Group } from './group.ts';
import type { Change } from './history.ts';
import { type Again, change, type PlannedWrite, redo, type SettledClaims, settledOf } from './planned-write.ts';
import { benignBy, type Planner } from './planner.ts';
import type { Sheet } from './sheet.ts';
import { adopt, isFeedless } from './state/adopt.ts';
import { changeOf } from './state/change.ts';
import { type Claim, fromSlim } from './state/claim.ts';
import { type Derived, derive } from './state/derive.ts';
import { merge, rememberedState, type State, stateOf } from './state/merge.ts';

/** What a group of records does to its indicator. */
export type Plan = { kind: 'nothing'; group: Group; settled: SettledClaims | undefined } | PlannedWrite;

/** Merges a group's records into the stored state, in their order, and renders what follows. Pure; `now` is epoch ms. */
export function plan(told: Group, stored: StoredState | undefined, planner: Planner, sheet: Sheet, now: number): Plan {
  const indicator = told.indicator ?? (stored === undefined ? undefined : indicatorOf(stored.tipline));
  // a recheck of what is not there any more
  if (indicator === undefined) return { kind: 'nothing', group: told, settled: undefined };

  const { group, claims } = adoptIn(told, stored?.tipline.claims.map(fromSlim));
  const before = stored === undefined || claims === undefined ? undefined : rememberedState(claims, stored.firstSeen);
  const { state, changes, again } = mergeAll(group, before, stored, planner.quantumOf(indicator.type));
  if (state === undefined) return { kind: 'nothing', group, settled: undefined };

  const recheck = group.items.some((item) => item.report === undefined);
  if (changes.length > 0 || (recheck && stored !== undefined)) {
    const derived = derive(indicator.type, state, planner.allowed.reasonFor(indicator), planner.policy, now);
    const benign = benignBy(indicator, derived, planner);
    const rederived = stored !== undefined && (differs(derived, stored.tipline) || benign !== stored.tipline.benign);
    if (changes.length > 0 || rederived)
      return change({ group, indicator, stored, state, derived, benign, changes, again, planner, sheet, now });
  }
  if (again.length > 0 && stored !== undefined) return redo({ group, indicator, stored, state, again, planner, sheet });
  return { kind: 'nothing', group, settled: settledOf(group, indicator, state) };
}

/** A batch and a memory in which every claim has its feed, where one speaks in its place. */
function adoptIn(
  told: Group,
  remembered: readonly Claim[] | undefined,
): { group: Group; claims: readonly Claim[] | undefined } {
  const anyTold = told.items.some(({ report }) => report !== undefined && isFeedless(report.claim));
  if (!anyTold && remembered?.some(isFeedless) !== true) return { group: told, claims: remembered };
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
  const again: Again[] = [];
  let state = before;
  for (const item of group.items) {
    const { report } = item;
    const action = report === undefined ? 'nothing' : changeOf(state, report.claim, quantum);
    if (report !== undefined && action !== 'nothing') {
      const claim = { ...report.claim, action };
      state = state === undefined ? stateOf(claim) : merge(state, stateOf(claim));
      changes.push({ report, claim, action, inHistory: item.record.headers[REBUILD_HEADER] === IN_HISTORY });
    } else if (stored !== undefined && isCause(item.origin, stored.tipline)) {
      again.push({ item, claim: before?.claims.find(({ origin }) => origin === item.origin) });
    }
  }
  return { state, changes, again };
}

/** Did this record make the state what it is? Then it is read a second time after a crash, and its effects may be missing. */
function isCause(origin: string, tipline: TiplinePart): boolean {
  return origin === tipline.cause || origin === tipline.born || tipline.claims.some((claim) => claim.origin === origin);
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

function indicatorOf({ type, value }: TiplinePart): Indicator {
  return { type, value };
}

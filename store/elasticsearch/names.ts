import type { JournalKind } from '../port.ts';

/** Every name in the cluster that belongs to one tipline. All begin with the configured prefix. */
export interface Names {
  historyDay(day: string): string;
  /** Where history is written. */
  readonly historyPattern: string;
  /** Every pattern under which days of ours may lie: those that were made before history moved beside others'. */
  readonly historyPatterns: readonly string[];
  /** True when the usual names of history belong to others, and ours have names of their own. */
  readonly beside: boolean;
  /** To be called before anything is written when the set-up says so. */
  standBeside(): void;
  /** Alias for reading our history and that of others together. */
  readonly allHistory: string;
  /**
   * Alias that everything reads and writes; the index behind it has a number, so that it can be rebuilt beside itself.
   */
  readonly current: string;
  readonly currentPattern: string;
  readonly currentIndex: string;
  /** Active indicators under the name where Elastic Security looks by default (`logs-ti_*`). */
  readonly securityAlias: string;
  journalDay(kind: JournalKind, day: string): string;
  journalPattern(kind: JournalKind): string;
  readonly outbox: string;
  readonly cursors: string;
  /** Name of a component or index template. */
  template(part: string): string;
  /** `YYYY-MM-DD` of a daily index that the pattern names; undefined for every other index. */
  dayOf(pattern: string, index: string): string | undefined;
  /** Whether an index of this name would be a day of ours, made by our templates when it is first written to. */
  isDay(index: string): boolean;
}

const JOURNALS: Readonly<Record<JournalKind, string>> = {
  actions: 'threat_actions',
  deadletters: 'threat_deadletters',
};

const HISTORY = 'threat_intel';
/** Still under `threat_intel-*`, so that what reads by that pattern sees both. */
const HISTORY_BESIDE = 'threat_intel-tipline';

/** Days in names are written `YYYY.MM.dd`, as Logstash did, so dashboards on `threat_intel-*` keep working. */
export function createNames(prefix: string): Names {
  const daily = (name: string, day: string): string => `${prefix}${name}-${day.replaceAll('-', '.')}`;
  const current = `${prefix}threat_intel_current`;
  const journalPattern = (kind: JournalKind): string => `${prefix}${JOURNALS[kind]}-*`;
  const usual = `${prefix}${HISTORY}-*`;
  const own = `${prefix}${HISTORY_BESIDE}-*`;
  let beside = false;
  const names: Names = {
    historyDay: (day) => daily(beside ? HISTORY_BESIDE : HISTORY, day),
    get historyPattern() {
      return beside ? own : usual;
    },
    get historyPatterns() {
      return beside ? [own, usual] : [usual];
    },
    get beside() {
      return beside;
    },
    standBeside() {
      beside = true;
    },
    allHistory: `${prefix}threat_intel_all`,
    current,
    currentPattern: `${current}-*`,
    currentIndex: `${current}-000001`,
    securityAlias: `${prefix}logs-ti_tipline_latest.indicator`,
    journalDay: (kind, day) => daily(JOURNALS[kind], day),
    journalPattern,
    outbox: `${prefix}tipline_outbox`,
    cursors: `${prefix}tipline_cursors`,
    template: (part) => `${prefix}tipline_${part}`,
    dayOf(pattern, index) {
      const stem = pattern.slice(0, -1);
      if (!index.startsWith(stem)) return undefined;
      const match = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(index.slice(stem.length));
      return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
    },
    isDay: (index) =>
      [names.historyPattern, journalPattern('actions'), journalPattern('deadletters')].some(
        (pattern) => names.dayOf(pattern, index) !== undefined,
      ),
  };
  return names;
}

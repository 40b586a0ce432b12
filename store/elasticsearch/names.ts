import type { JournalKind } from '../port.ts';

/** Every name in the cluster that belongs to one tipline. All begin with the configured prefix. */
export interface Names {
  historyDay(day: string): string;
  readonly historyPattern: string;
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
}

const JOURNALS: Readonly<Record<JournalKind, string>> = {
  actions: 'threat_actions',
  deadletters: 'threat_deadletters',
};

/** Days in names are written `YYYY.MM.dd`, as Logstash did, so dashboards on `threat_intel-*` keep working. */
export function createNames(prefix: string): Names {
  const daily = (name: string, day: string): string => `${prefix}${name}-${day.replaceAll('-', '.')}`;
  const current = `${prefix}threat_intel_current`;
  return {
    historyDay: (day) => daily('threat_intel', day),
    historyPattern: `${prefix}threat_intel-*`,
    current,
    currentPattern: `${current}-*`,
    currentIndex: `${current}-000001`,
    securityAlias: `${prefix}logs-ti_tipline_latest.indicator`,
    journalDay: (kind, day) => daily(JOURNALS[kind], day),
    journalPattern: (kind) => `${prefix}${JOURNALS[kind]}-*`,
    outbox: `${prefix}tipline_outbox`,
    cursors: `${prefix}tipline_cursors`,
    template: (part) => `${prefix}tipline_${part}`,
    dayOf(pattern, index) {
      const stem = pattern.slice(0, -1);
      if (!index.startsWith(stem)) return undefined;
      const match = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(index.slice(stem.length));
      return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
    },
  };
}

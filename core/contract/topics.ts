/** The topics that workers meet on. Names are part of the contract: other systems read them. */
export const TOPICS = {
  /** What feeds said, as JSON RawIndicators; foreign producers may write here, so nothing in it is trusted. */
  raw: 'ioc.raw',
  /** Every change of an indicator, as an EnrichedDocument; key = indicator id. */
  enriched: 'ioc.enriched',
  /** What could not be used, as DeadLetters; key = origin. */
  deadLetters: 'ioc.dlq',
  /** Everything done to the world, as Actions; key = action id. */
  actions: 'ioc.actions',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

const DAY = 86_400_000;

/** Milliseconds that a record stays on its topic, by default. */
export const TOPIC_RETENTION: Readonly<Record<Topic, number>> = {
  'ioc.raw': 7 * DAY,
  'ioc.enriched': 3 * DAY,
  'ioc.dlq': 30 * DAY,
  'ioc.actions': 90 * DAY,
};

/** `topic-partition-offset` of a record: names it for ever, in claims, dead letters and logs. */
export function originOf(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}-${offset}`;
}

/** Header of a record whose signature is missing or wrong, where records are signed (`bus.sign`): all its other headers were taken from it. */
export const UNSIGNED_HEADER = 'tipline-unsigned';

import { openEmbeddedBus } from '../bus/embedded/bus.ts';
import { openKafkaBus } from '../bus/kafka/bus.ts';
import type { Bus } from '../bus/port.ts';
import { withPrefix } from '../bus/prefixed.ts';
import { withSignatures } from '../bus/signed.ts';
import { TOPIC_RETENTION, TOPICS } from '../core/contract/topics.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { WorkerContext } from '../core/process/worker-context.ts';
import { openElasticsearchStore } from '../store/elasticsearch/store.ts';
import { openEmbeddedStore } from '../store/embedded/store.ts';
import type { Store } from '../store/port.ts';
import type { Settings } from './settings.ts';

/** Whose word decides what is blocked and mailed, or can be given back its place there by a replay. */
const SIGNED_TOPICS: ReadonlySet<string> = new Set([TOPICS.raw, TOPICS.enriched, TOPICS.deadLetters]);

export interface Opening {
  /** Who only asks makes nothing. */
  asking?: boolean;
  /** What an operator waits for may use what is kept back on a full disk. */
  urgent?: boolean;
}

/** Opens the bus that the configuration names. */
export async function openBus(settings: Settings, context: WorkerContext, opening: Opening = {}): Promise<Bus> {
  const { sign } = settings.config.bus;
  const bus = await openUnsigned(settings, context, opening);
  return sign === undefined ? bus : withSignatures(bus, { ...sign, topics: SIGNED_TOPICS });
}

async function openUnsigned(
  settings: Settings,
  context: WorkerContext,
  { asking = false, urgent = false }: Opening,
): Promise<Bus> {
  const { bus } = settings.config;
  switch (bus.kind) {
    case 'embedded':
      return openEmbeddedBus({
        data: settings.data,
        log: context.log,
        health: context.health,
        retention: retentionOf(settings),
        asking,
        urgent,
      });
    case 'kafka':
      return withPrefix(await openKafkaBus(bus, context), bus.prefix);
    default: {
      const never: never = bus;
      return never;
    }
  }
}

/** Opens the store that the configuration names. */
export async function openStore(
  settings: Settings,
  context: WorkerContext,
  { asking = false, urgent = false }: Opening = {},
): Promise<Store> {
  const { store } = settings.config;
  switch (store.kind) {
    case 'embedded':
      return openEmbeddedStore({ data: settings.data, log: context.log, health: context.health, asking, urgent });
    case 'elasticsearch':
      return openElasticsearchStore(store, context);
    default: {
      const never: never = store;
      return never;
    }
  }
}

/** Milliseconds a record stays, by topic. */
export function retentionOf(settings: Settings): Readonly<Record<string, number>> {
  const { retention } = settings.config;
  return {
    ...TOPIC_RETENTION,
    [TOPICS.raw]: retention.raw,
    [TOPICS.enriched]: retention.enriched,
    [TOPICS.actions]: retention.actions,
    [TOPICS.deadLetters]: retention.dead_letters,
  };
}

/** Creates the topics that are missing, where that is allowed; otherwise says which. */
export async function ensureTopics(bus: Bus, settings: Settings, allowed: boolean): Promise<string[]> {
  const missing = await bus.missingTopics(Object.values(TOPICS));
  if (missing.length === 0) return [];
  if (!allowed) {
    throw new TiplineError(
      'BUS_TOPICS_MISSING',
      `The topics ${missing.join(', ')} do not exist and bus.create_topics is false: create them, or run tipline setup.`,
      { retryable: false },
    );
  }
  const retention = retentionOf(settings);
  return bus.createTopics(missing.map((name) => ({ name, retentionMs: retention[name] ?? 86_400_000 })));
}

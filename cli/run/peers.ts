import type { Bus } from '../../bus/port.ts';
import { hostsIn } from '../../core/process/config/hosts.ts';
import { configSchema } from '../../core/process/config/sections.ts';
import type { Settings } from '../settings.ts';

/** How long a look waits for what a bus tells of its servers; a later look has it. */
const PATIENCE = 2000;

/** Hosts that this tipline works with, which the responder must never block. */
export interface Peers {
  /** Those of the configuration, and those that buses have told of so far. */
  hosts(): Promise<string[]>;
  /** A bus names its servers itself: the configuration may know one of many. */
  learnFrom(bus: Pick<Bus, 'servers'>): void;
}

export function createPeers(settings: Settings): Peers {
  const buses: Pick<Bus, 'servers'>[] = [];
  const learned = new Set<string>();

  async function learn(): Promise<void> {
    await Promise.all(
      buses.map(async (bus) => {
        // one that is away, or closed, tells nothing new
        for (const host of await bus.servers().catch(() => [])) learned.add(host);
      }),
    );
  }

  return {
    learnFrom: (bus) => void buses.push(bus),
    async hosts() {
      const { promise: waited, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, PATIENCE);
      await Promise.race([learn(), waited]);
      clearTimeout(timer);
      return [...new Set([...peersOf(settings), ...learned])];
    },
  };
}

/** Brokers, Elasticsearch, the mail server, servers of feeds and their proxies: every key that says so in its schema. */
export function peersOf({ config, feeds }: Settings): string[] {
  return [...hostsIn(configSchema, config), ...feeds.flatMap(({ reaches }) => reaches)];
}

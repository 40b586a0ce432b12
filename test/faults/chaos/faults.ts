import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../e2e/lab.ts';
import type { ServerControl } from '../../services/java-server.ts';
import type { Player } from './cast.ts';
import type { Random } from './random.ts';

/** Something that goes wrong, and is well again when it resolves. */
export interface Fault {
  readonly name: string;
  strike(): Promise<void>;
}

interface Stage {
  readonly lab: Lab;
  readonly players: readonly Player[];
  readonly servers: Readonly<Record<string, ServerControl>>;
}

/** The next fault. Processes fall more often than servers, whose way back takes longer. */
export function nextFault(random: Random, { lab, players, servers }: Stage): Fault {
  const seconds = (most: number): number => 500 + random.below(most * 1000);
  const roll = random.next();
  const player = random.pick(players);
  if (roll < 0.45) return { name: `kill ${player.name}`, strike: async () => player.kill() };
  if (roll < 0.65) return pausing(`stop ${player.name}`, player, seconds(8));
  const [name, server] = random.pick(Object.entries(servers));
  if (roll < 0.75) {
    const away = seconds(3);
    return {
      name: `kill ${name}`,
      async strike() {
        await server.kill();
        await sleep(away);
        await server.start();
      },
    };
  }
  if (roll < 0.88) return pausing(`stop ${name}`, server, seconds(8));
  const index = random.pick(['threat_intel_current', 'threat_intel-*']);
  const block = random.pick(['index.blocks.write', 'index.blocks.read_only_allow_delete']);
  const away = seconds(5);
  return {
    name: `${block} on ${index}`,
    async strike() {
      await lab.ask('PUT', `${index}/_settings`, { [block]: true });
      await sleep(away);
      await lab.ask('PUT', `${index}/_settings`, { [block]: null });
    },
  };
}

function pausing(name: string, what: { pause(): void; resume(): void }, ms: number): Fault {
  return {
    name: `${name} for ${(ms / 1000).toFixed(1)} s`,
    async strike() {
      what.pause();
      await sleep(ms);
      what.resume();
    },
  };
}

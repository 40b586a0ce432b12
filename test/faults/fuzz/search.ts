import { TiplineError } from '../../../core/process/errors.ts';
import { type Growth, glance, growthOf, isLinear } from './growth.ts';
import { mutated, type Shape, seeded } from './shape.ts';
import type { Target } from './target.ts';

/** A text that costs more than it may. */
export interface Found {
  readonly target: Target;
  readonly shape: Shape;
  readonly growth: Growth;
}

/** What makes a shape worth going on from: µs a byte. */
const COSTLY = 0.1;
const MOST_POOL = 200;

/** Mutates the shapes of the targets in turn, for so many seconds of CPU time, and gives those whose cost is out of bounds. The seed decides the order. */
export async function* search(targets: readonly Target[], seed: number, seconds: number): AsyncGenerator<Found> {
  const random = seeded(seed);
  const pools = targets.map((target) => [...target.shapes]);
  const began = process.cpuUsage();
  for (let turn = 0; secondsSince(began) < seconds; turn += 1) {
    const target = targets[turn % targets.length];
    const pool = pools[turn % targets.length];
    if (target === undefined || pool === undefined) return;
    const shape = mutated(pool[random(pool.length)] ?? { open: 'a' }, target.words, random);
    const { suspicious, cost } = await glance(target.reads, shape, target.most);
    if (cost > COSTLY && pool.length < MOST_POOL) pool.push(shape);
    if (!suspicious) continue;
    const growth = await growthOf(target.reads, shape, target.most);
    if (!isLinear(growth)) yield { target, shape, growth };
  }
}

function secondsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

/** Reads on where a text is refused in words of ours; any other failure is one. */
export function refusing(reads: Target['reads']): Target['reads'] {
  return async (input) => {
    try {
      await reads(input);
    } catch (error) {
      if (!(error instanceof TiplineError)) throw error;
    }
  };
}

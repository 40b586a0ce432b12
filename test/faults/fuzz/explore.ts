/**
 * Fuzzing for as long as wanted: `node test/faults/fuzz/explore.ts SECONDS [SEED] [NAME]`, SECONDS of CPU time, on the parsers whose names hold NAME.
 * Prints every text whose cost is out of bounds; such a shape belongs into the seeds, for good.
 */
import { describeGrowth } from './growth.ts';
import { search } from './search.ts';
import { TARGETS } from './targets.ts';

const [seconds = '60', seed = String(Date.now() % 1_000_000), name = ''] = process.argv.slice(2);
const targets = TARGETS.filter((target) => target.name.includes(name));
process.stdout.write(`seed ${seed}, ${targets.length} parsers\n`);
for await (const { target, shape, growth } of search(targets, Number(seed), Number(seconds)))
  process.stdout.write(`${target.name} ${JSON.stringify(shape)}: ${describeGrowth(growth)}\n`);

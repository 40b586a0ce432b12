/**
 * A process of its own that publishes numbered records: `publisher.ts DATA FROM TO BATCH`. After each batch that the bus has
 * acknowledged it writes the number of the last record on a line.
 */
import { writeSync } from 'node:fs';
import { openEmbeddedBus } from '../../../bus/embedded/bus.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';

const [data = '', from, to, size] = process.argv.slice(2);
const bus = openEmbeddedBus({ data, log: silentLog, health: createHealth() });
for (let next = Number(from); next < Number(to); ) {
  const last = Math.min(next + Number(size), Number(to)) - 1;
  const records = [];
  for (; next <= last; next += 1) records.push({ key: 'k', value: String(next).padEnd(200, '.') });
  await bus.publish('ioc.raw', records);
  writeSync(1, `${last}\n`);
}
await bus.close();

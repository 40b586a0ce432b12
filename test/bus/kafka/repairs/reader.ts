/**
 * A process of its own that consumes: `reader.ts BROKERS TOPIC GROUP`. It says how many records it read first, stays for a while in which
 * its connections are idle, and ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openBus } from '../open-bus.ts';

const IDLE_MS = 500;
const [brokers = '', topic = '', group = ''] = process.argv.slice(2);
const { bus } = openBus(brokers.split(','));
const first = Promise.withResolvers<number>();
await bus.consume({ topic, group, handler: async ({ records }) => first.resolve(records.length) });
process.stdout.write(`read ${await first.promise}\n`);
await sleep(IDLE_MS);
await bus.close();

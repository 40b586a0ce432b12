/**
 * A process of its own that writes numbered indicators, each with one history document: `writer.ts DATA FROM TO BATCH`. After
 * each batch that the store has acknowledged it writes the number of the last indicator on a line.
 */
import { writeSync } from 'node:fs';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { openEmbeddedStore } from '../../../store/embedded/store.ts';
import { patience } from '../given-store.ts';
import { sampleDocument, sampleWrite } from '../sample-document.ts';

const [data = '', from, to, size] = process.argv.slice(2);
const store = openEmbeddedStore({ data, log: silentLog, health: createHealth() });
for (let next = Number(from); next < Number(to); ) {
  const last = Math.min(next + Number(size), Number(to)) - 1;
  const writes = [];
  for (; next <= last; next += 1)
    writes.push(sampleWrite(sampleDocument({ type: 'domain', value: `n${next}.example` })));
  await store.indicators.write(writes, patience);
  writeSync(1, `${last}\n`);
}
await store.close();

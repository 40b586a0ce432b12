import { TiplineError } from '../../../core/process/errors.ts';
import { createLog } from '../../../ingest/formats/log.ts';
import { createScatter } from '../../../ingest/formats/scatter.ts';
import { createSpill } from '../../../ingest/formats/spill.ts';

/** A program of its own: writes into the folder until it is full, with each of the stores in turn, and prints what each of them said. */
const [folder = ''] = process.argv.slice(2);
const LINE = 'x'.repeat(1000);
/** Far more than the folder holds. */
const MOST = 100_000;

const log = createLog<string>(folder);
const scatter = createScatter({ folder, maxMemory: 1024 });
const spill = createSpill({ folder, maxMemory: 64 * 1024 });

tell('log', () => log.add(LINE), log.close);
tell('scatter', (n) => scatter.add(`key ${n}`, LINE), scatter.close);
tell('spill', (n) => spill.set(`key ${n}`, LINE), spill.close);

function tell(store: string, add: (n: number) => void, close: () => void): void {
  try {
    for (let n = 0; n < MOST; n += 1) add(n);
    console.log(JSON.stringify({ store }));
  } catch (error) {
    if (!(error instanceof TiplineError)) throw error;
    const { code, retryable, message } = error;
    console.log(JSON.stringify({ store, code, retryable, namesFolder: message.includes(folder) }));
  }
  // gives its room back to the next
  close();
}

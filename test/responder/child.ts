/**
 * A responder in a process of its own, for tests that kill it: `node child.ts '{"data":…,"command":[…],"killAt":…}'`.
 * Says "settled" on standard output when everything published before has been acted on, then waits to be ended.
 */
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { createHealth } from '../../core/process/health.ts';
import { createLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { killAt, noSeam } from '../../core/process/seam.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { holdLedger } from '../../responder/ledger/hold-ledger.ts';
import { ledgerPath, openLedger } from '../../responder/ledger/ledger.ts';
import { responderGroup, startResponder } from '../../responder/worker.ts';
import { until } from '../services/wait.ts';
import { configWith, emptyStore, NAME, openGuard } from './desk.ts';

interface Order {
  data: string;
  /** How nft is run: in a namespace that the test made. */
  command: string[];
  killAt?: string;
  /** Changes a transaction, so that few blocks make several. */
  maxChanges: number;
}

const order: Order = JSON.parse(process.argv[2] ?? '');
const path = ledgerPath(order.data, NAME);
holdLedger(path);
const ledger = openLedger(path);
const log = createLog('warn');
const bus = openEmbeddedBus({ data: order.data, log, health: createHealth() });
const nftables = createNftables({ chains: ['input', 'forward', 'output'], command: order.command });
const seam = order.killAt === undefined ? noSeam : killAt(order.killAt);

const responder = startResponder({
  config: configWith(),
  bus,
  store: emptyStore(),
  ledger,
  backend: { ...nftables, maxChanges: order.maxChanges },
  guard: openGuard,
  context: { log, health: createHealth(), metrics: createMetrics(), seam },
});
responder.closed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
await until(async () => (await bus.lag(TOPICS.enriched, responderGroup(NAME))) === 0, {
  what: 'the topic to be read',
  timeout: 60_000,
});
await responder.settle();
process.stdout.write('settled\n');

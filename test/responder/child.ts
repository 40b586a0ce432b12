/**
 * A responder in a process of its own, for tests that kill it: `node child.ts '{"data":…,"command":[…],"killAt":…}'`.
 * Says "settled" on standard output when everything published before has been acted on, then waits to be ended.
 */
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { readYaml } from '../../core/process/config/yaml-file.ts';
import { createHealth } from '../../core/process/health.ts';
import { createLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { killAt, noSeam } from '../../core/process/seam.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { createGuard, type Guard } from '../../responder/guard.ts';
import { createHostReader } from '../../responder/host/read-host.ts';
import { holdLedger } from '../../responder/ledger/hold-ledger.ts';
import { ledgerPath, openLedger } from '../../responder/ledger/ledger.ts';
import { neverBlockRules, ownDomains, ownNetworks } from '../../responder/never-block.ts';
import { responderGroup, startResponder } from '../../responder/worker.ts';
import { until } from '../services/wait.ts';
import { configWith, emptyStore, NAME, openGuard } from './desk.ts';

interface Order {
  data: string;
  /** How nft is run: in a namespace that the test made. */
  command: string[];
  killAt?: string;
  /** Changes a transaction, so that few blocks make several; default: the firewall's own. */
  maxChanges?: number;
  /** With the guard of a real responder, which reads the machine (or the namespace) that this process runs in; else with none. */
  guarded?: { etc: string; own: string[]; peers: string[] };
}

function realGuard({ etc, own, peers }: NonNullable<Order['guarded']>): Guard {
  const rules = readYaml('rules/never-block.yaml');
  const spared = [...neverBlockRules(rules.value, rules.path, rules.lineOf), ...ownNetworks(own)];
  return createGuard(spared, createHostReader({ peers: () => peers, own: ownDomains(own), etc }));
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
  backend: order.maxChanges === undefined ? nftables : { ...nftables, maxChanges: order.maxChanges },
  guard: order.guarded === undefined ? openGuard : realGuard(order.guarded),
  context: { log, health: createHealth(), metrics: createMetrics(), seam },
});
responder.closed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
await until(async () => (await bus.lag(TOPICS.enriched, responderGroup(NAME))) === 0, {
  what: 'the topic to be read',
  timeout: 900_000,
});
await responder.settle();
process.stdout.write('settled\n');

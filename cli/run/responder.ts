import { readFileSync } from 'node:fs';
import type { Bus } from '../../bus/port.ts';
import { readYaml } from '../../core/process/config/yaml-file.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Backend } from '../../responder/backends/backend.ts';
import { createDryRun } from '../../responder/backends/dry-run.ts';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import { createGuard, type GuardEntry } from '../../responder/guard.ts';
import { createHostReader } from '../../responder/host/read-host.ts';
import { holdLedger } from '../../responder/ledger/hold-ledger.ts';
import { ledgerPath, openLedger } from '../../responder/ledger/ledger.ts';
import { neverBlockLines, neverBlockRules, ownDomains, ownNetworks } from '../../responder/never-block.ts';
import { type Responder, type ResponderCounts, startResponder } from '../../responder/worker.ts';
import type { Store } from '../../store/port.ts';
import { shipped } from '../paths.ts';
import type { Settings } from '../settings.ts';
import type { Peers } from './peers.ts';

export interface RunningResponder {
  /** Its counts can be asked for after `stop` too. */
  responder: Responder;
  stop(): Promise<void>;
}

/** Puts a responder together: guard lists, ledger, backend; dry-run unless the configuration says `enforce`. */
export function startConfiguredResponder({
  settings,
  bus,
  store,
  context,
  peers,
}: {
  settings: Settings;
  bus: Bus;
  store: Store;
  context: WorkerContext;
  peers: Pick<Peers, 'hosts'>;
}): RunningResponder {
  const { responder: config } = settings.config;
  const path = ledgerPath(settings.data, settings.responderName);
  const release = holdLedger(path);
  const ledger = openLedger(path);
  const responder = startResponder({
    config: { ...config, name: settings.responderName },
    bus,
    store: store.indicators,
    ledger,
    backend: backendOf(settings),
    guard: createGuard(neverBlockEntries(settings), hostReader(settings, peers)),
    context,
  });
  let last: ResponderCounts | undefined;
  return {
    responder: { ...responder, counts: () => last ?? responder.counts() },
    async stop() {
      await responder.stop();
      last = responder.counts();
      ledger.close();
      release();
    },
  };
}

function backendOf({ config: { responder } }: Settings): Backend {
  if (responder.mode === 'dry-run') return createDryRun();
  switch (responder.backend) {
    case 'nftables':
      return createNftables({ chains: responder.chains });
    default: {
      const never: never = responder.backend;
      return never;
    }
  }
}

/** Reads what this machine needs: its own addresses, and hosts that tipline works with. */
export function hostReader({ config }: Settings, peers: Pick<Peers, 'hosts'>): () => Promise<GuardEntry[]> {
  return createHostReader({ peers: () => peers.hosts(), own: ownDomains(config.own) });
}

/** The shipped list, the operator's files, and the operator's own networks. */
export function neverBlockEntries(settings: Settings): GuardEntry[] {
  const rules = readYaml(shipped('rules', 'never-block.yaml'));
  const { own, responder } = settings.config;
  return [
    ...neverBlockRules(rules.value, rules.path, rules.lineOf),
    ...responder.never_block.flatMap((file) => neverBlockLines(readFileSync(file, 'utf8').split(/\r?\n/), file)),
    ...ownNetworks(own),
  ];
}

import type { ElasticsearchConfig } from '../../core/process/config/sections.ts';
import { messageOf, TiplineError } from '../../core/process/errors.ts';
import type { Health } from '../../core/process/health.ts';
import type { Log } from '../../core/process/log.ts';
import type { IndicatorStore, Store } from '../port.ts';
import { createBulkWriter } from './bulk-writer.ts';
import { createClient, displayNodes, sendsSecretsInClear } from './client.ts';
import { copiesAdvice } from './copies.ts';
import { findCovered } from './covered.ts';
import { createCursors } from './cursors.ts';
import { createDetours } from './detours.ts';
import { readDocuments } from './documents.ts';
import { writeIndicators } from './indicator-writes.ts';
import { createJournal } from './journal.ts';
import { createNames } from './names.ts';
import { createOutages } from './outages.ts';
import { createOutbox } from './outbox.ts';
import { createOwnership, ownerOf } from './ownership.ts';
import type { Waits } from './persist.ts';
import { prune } from './retention.ts';
import {
  activeDocuments,
  documentsOf,
  findExpiring,
  getDocument,
  refreshAll,
  searchDocuments,
  summarize,
} from './search.ts';
import { readVersion } from './server.ts';
import { checkSetUp, learnPlace, setUp } from './setup.ts';
import { readStatements } from './statements.ts';
import { readState } from './states.ts';
import { strangeDays, strangeTemplates } from './strangers.ts';
import { storedValues } from './values.ts';

export interface ElasticsearchStoreContext {
  log: Log;
  health: Health;
  /** For tests, which cannot wait as long as an operator. */
  waits?: Waits;
}

/**
 * Opens the store on Elasticsearch 7.14 and later, 8 or 9. A server that tipline cannot work with is an error at once;
 * one that is away is not, since it may come back: health says so, `check` and `setup` throw, and everything that can
 * wait does.
 */
export async function openElasticsearchStore(
  config: ElasticsearchConfig,
  { log, health, waits }: ElasticsearchStoreContext,
): Promise<Store> {
  const address = displayNodes(config.nodes);
  if (sendsSecretsInClear(config)) {
    log.warn({ store: address }, 'credentials go to Elasticsearch unencrypted: use https in store.nodes');
  }
  const client = createClient(config);
  const names = createNames(config.prefix);
  const outages = createOutages({ log, health });
  const waiting = waits === undefined ? {} : { waits };
  const ownership = createOwnership(client, names);
  const writer = createBulkWriter({ client, outages, ownership, detours: createDetours(client), ...waiting });
  const documents = { client, outages, ...waiting };
  const reading = { client, names };
  let description = `elasticsearch ${address}`;

  async function greet(): Promise<void> {
    const { number } = await readVersion(client);
    description = `elasticsearch ${number} ${address}`;
    await learnPlace(client, names);
    outages.up();
  }

  const indicators: IndicatorStore = {
    get description() {
      return description;
    },
    async readStates(ids, patience) {
      const found = await readDocuments<Record<string, unknown>>(documents, names.current, ids, patience);
      return new Map([...found].map(([id, doc]) => [id, readState(doc)]));
    },
    write: (writes, patience) => writeIndicators({ writer, names }, writes, patience),
    get: (id) => getDocument(reading, id),
    refresh: () => refreshAll(reading),
    search: (query) => searchDocuments(reading, query),
    active: (minScore) => activeDocuments(reading, minScore),
    ofFeed: (feed) => documentsOf(reading, feed),
    findExpiring: (before, limit) => findExpiring(reading, before, limit),
    findCovered: (entry) => findCovered(reading, entry),
    values: () => storedValues(reading),
    statements: (range) => readStatements(reading, range),
    summary: () => summarize(reading),
    prune: (limits) => prune(reading, limits),
  };

  const store: Store = {
    indicators,
    outbox: createOutbox({ ...documents, writer, index: names.outbox }),
    cursors: createCursors({ client, index: names.cursors }),
    journal: createJournal({ client, writer, names, log }),
    async setup(options = {}) {
      await greet();
      const created = await setUp({ client, names, config, ...options, warn: (message) => log.warn({}, message) });
      if (created.length > 0) log.info({ created }, 'Elasticsearch is set up');
      return created;
    },
    async check() {
      try {
        await greet();
        await checkSetUp(reading);
      } catch (error) {
        throw finalAtStart(error);
      }
    },
    async advice() {
      const advice = await copiesAdvice(client, config.replicas, names);
      return advice === undefined ? [] : [advice];
    },
    async strangers() {
      const days = await strangeDays(reading);
      // before the set-up there is no template of ours that another could go before
      const isSetUp = (await ownerOf(client, names.current)) === 'ours';
      return isSetUp ? [...days, ...(await strangeTemplates(reading))] : days;
    },
    close: () => client.close(),
  };

  try {
    await greet();
    log.info({ store: description }, 'store is open');
  } catch (error) {
    if (!(error instanceof TiplineError) || error.retryable !== true) {
      await client.close();
      throw error;
    }
    health.report('store', 'down', error.message);
    log.warn(
      { store: description, reason: messageOf(error) },
      'the store cannot be used yet; it is asked again when needed',
    );
  }
  return store;
}

/** Wrong credentials and a missing set-up can be mended while tipline runs; at its start, saying so beats waiting. */
function finalAtStart(error: unknown): unknown {
  if (!(error instanceof TiplineError)) return error;
  if (error.code !== 'STORE_DENIED' && error.code !== 'STORE_NOT_SET_UP') return error;
  return new TiplineError(error.code, error.message, { cause: error, retryable: false });
}

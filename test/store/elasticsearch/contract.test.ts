import { after } from 'node:test';
import { silentLog } from '../../../core/process/log.ts';
import { createClient } from '../../../store/elasticsearch/client.ts';
import { openElasticsearchStore } from '../../../store/elasticsearch/store.ts';
import { freshName, givenElasticsearch } from '../../services/given.ts';
import { storeContract } from '../store-contract.ts';
import { removeAll, testConfig } from './opened.ts';
import { watchedHealth } from './patience.ts';

const prefix = `${freshName('contract')}-`;

storeContract('elasticsearch', async () => {
  const { health } = watchedHealth();
  const store = await openElasticsearchStore(testConfig(await givenElasticsearch(), prefix), {
    log: silentLog,
    health,
  });
  return { store, close: () => store.close() };
});

after(async () => {
  const client = createClient(testConfig(await givenElasticsearch()));
  await removeAll(client, prefix);
  await client.close();
});

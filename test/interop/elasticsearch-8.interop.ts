import { after } from 'node:test';
import { strangersSuite } from '../store/elasticsearch/strangers-suite.ts';
import { type Elasticsearch8, startElasticsearch8 } from './elasticsearch/server.ts';

let starting: Promise<Elasticsearch8> | undefined;

strangersSuite('8.19', async () => {
  starting ??= startElasticsearch8();
  return (await starting).url;
});

after(async () => (await starting)?.stop());

import { givenElasticsearch } from '../../services/given.ts';
import { strangersSuite } from './strangers-suite.ts';

strangersSuite('7.17', givenElasticsearch);

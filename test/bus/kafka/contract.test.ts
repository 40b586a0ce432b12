import { givenKafka } from '../../services/given.ts';
import { busContract } from '../bus-contract.ts';
import { openBus } from './open-bus.ts';

busContract('kafka', async () => {
  const { bus } = openBus(await givenKafka());
  return { bus, close: () => bus.close() };
});

import { abortedFilter } from './aborted.ts';
import { coordinatorLoss } from './coordinator-loss.ts';
import { fetchDecoder } from './fetch-decoder.ts';
import { idleTimer } from './idle-timer.ts';
import { ownSockets } from './sockets.ts';
import { demandKnownKafkajs, type Repair, type Upstream } from './upstream.ts';

/** All that is changed in kafkajs; a folder holds it, a file each. */
const REPAIRS: readonly Repair[] = [idleTimer, coordinatorLoss, fetchDecoder];

/** All that a release of kafkajs may change under our feet. */
export const BUILT_UPON: readonly Upstream[] = [...REPAIRS, abortedFilter, ownSockets];

let repaired = false;

/** Throws unless kafkajs is the version that the repairs were written for. The second call and later ones do nothing. */
export function repairKafkajs(): void {
  demandKnownKafkajs();
  if (repaired) return;
  repaired = true;
  for (const repair of REPAIRS) repair.apply();
}

import { openKafkaBus } from '../../../bus/kafka/bus.ts';
import type { Bus } from '../../../bus/port.ts';
import type { KafkaConfig } from '../../../core/process/config/sections.ts';
import { createHealth, type Health } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { freshName } from '../../services/given.ts';

export function kafkaConfig(brokers: string[], settings: Partial<KafkaConfig> = {}): KafkaConfig {
  return {
    kind: 'kafka',
    brokers,
    client_id: 'tipline-test',
    prefix: '',
    tls: false,
    partitions: 4,
    replication: 1,
    create_topics: true,
    compression: 'none',
    ...settings,
  };
}

/** A bus whose changes of health are kept in `told`. */
export interface WatchedBus {
  bus: Bus;
  health: Health;
  told: string[];
}

export function openBus(brokers: string[], settings: Partial<KafkaConfig> = {}): WatchedBus {
  const told: string[] = [];
  const health = createHealth((part, { state }) => told.push(`${part} ${state}`));
  return { bus: openKafkaBus(kafkaConfig(brokers, settings), { log: silentLog, health }), health, told };
}

export async function freshTopic(bus: Bus): Promise<string> {
  const name = freshName('kafka');
  await bus.createTopics([{ name, retentionMs: 3_600_000 }]);
  return name;
}

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { JavaServer, type ServerControl } from './java-server.ts';

export interface KafkaServer extends ServerControl {
  /** For a client's list of bootstrap brokers. The same after every start. */
  readonly brokers: string[];
  readonly version: string;
}

/** Starts a Kafka broker of its own on free loopback ports. `settings` are further lines of server.properties. */
export async function startKafka(settings: Record<string, string> = {}): Promise<KafkaServer> {
  const broker = `127.0.0.1:${await freePort()}`;
  const controller = `127.0.0.1:${await freePort()}`;
  const folder = mkdtempSync(join(tmpdir(), 'tipline-kafka-'));
  const all = { ...serverProperties({ broker, controller, folder }), ...settings };
  const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, 'server.properties'), lines.join(''));

  const server = new JavaServer({ service: 'kafka', mainClass: 'KafkaNode', folder, heap: '512m' });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return Object.assign(server, { brokers: [broker] });
}

function serverProperties(at: { broker: string; controller: string; folder: string }): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${at.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${at.broker},CONTROLLER://${at.controller}`,
    'advertised.listeners': `PLAINTEXT://${at.broker}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(at.folder, 'logs'),
    // One node has to do for the internal topics as well.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    // The first member of a group would otherwise wait 3 s for others.
    'group.initial.rebalance.delay.ms': '0',
    // Tests that lose a consumer must not wait for the usual 45 s.
    'group.min.session.timeout.ms': '1000',
    // A broker that was killed may register again only when its former session is over (9 s by default).
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // A topic that a test forgot to create is a mistake.
    'auto.create.topics.enable': 'false',
  };
}

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { freshName, givenKafka } from '../../services/given.ts';
import { openBus } from './open-bus.ts';

describe('topics that tipline creates', () => {
  let brokers: string[];
  let admin: Admin;
  before(async () => {
    brokers = await givenKafka();
    admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers });
  });
  after(() => admin.close());

  async function configOf(topic: string, name: string): Promise<string | null | undefined> {
    const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] }];
    const [found] = await admin.describeConfigs({ resources });
    return found?.configs.find((config) => config.name === name)?.value;
  }

  it('have the partitions and the retention asked for, and one that exists is never changed', async () => {
    const { bus } = openBus(brokers, { partitions: 3 });
    const name = freshName('kafka');
    assert.deepEqual(await bus.createTopics([{ name, retentionMs: 7 * 86_400_000 }]), [name]);
    assert.deepEqual(await bus.createTopics([{ name, retentionMs: 1_000 }]), []);
    const metadata = await admin.metadata({ topics: [name] });
    assert.equal(metadata.topics.get(name)?.partitionsCount, 3);
    assert.equal(await configOf(name, 'retention.ms'), String(7 * 86_400_000));
    assert.equal(await configOf(name, 'cleanup.policy'), 'delete');
    await bus.close();
  });

  it('are on brokers that name themselves, whatever the configuration calls them', async () => {
    const { bus } = openBus(brokers.map((broker) => broker.replace('127.0.0.1', 'localhost')));
    assert.deepEqual(await bus.servers(), ['127.0.0.1']);
    await bus.close();
  });

  it('are created once when two processes start together', async () => {
    const buses = [openBus(brokers).bus, openBus(brokers).bus];
    const specs = Array.from({ length: 4 }, () => ({ name: freshName('kafka'), retentionMs: 60_000 }));
    const created = await Promise.all(buses.map((bus) => bus.createTopics(specs)));
    assert.deepEqual(created.flat().sort(), specs.map(({ name }) => name).sort());
    await Promise.all(buses.map((bus) => bus.close()));
  });

  it('cannot have more copies than there are brokers, and the message says what to change', async () => {
    const { bus } = openBus(brokers, { replication: 3 });
    await assert.rejects(bus.createTopics([{ name: freshName('kafka'), retentionMs: 60_000 }]), {
      code: 'BUS_REPLICATION',
      message: /bus\.replication/,
    });
    await bus.close();
  });
});

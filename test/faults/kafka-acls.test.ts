import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import { stringify } from 'yaml';
import type { Summary } from '../../cli/run/summary.ts';
import { type Ended, type Folder, openFolder } from '../e2e/folder.ts';
import { freePort } from '../services/free-port.ts';
import { type KafkaServer, startKafka } from '../services/kafka.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;
type AclOperation = kafkajs.AclOperationTypes;

const MANUAL = resolve(import.meta.dirname, '../../docs/operations.md');
const PASSWORD = 'acl-password';
const USERS = [
  'admin',
  'tipline-ingest',
  'tipline-enrich',
  'tipline-alerting',
  'tipline-responder',
  'tipline-audit',
  'tipline-operator',
  'siem',
];

interface Acl {
  readonly principal: string;
  readonly resourceType: kafkajs.AclResourceTypes;
  readonly resourceName: string;
  readonly resourcePatternType: kafkajs.ResourcePatternTypes;
  readonly operation: AclOperation;
}

const OPERATIONS: Readonly<Record<string, AclOperation>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

/** The rights that the commands of the manual give, by the words of kafka-acls.sh: `--producer` and `--consumer` stand for several. */
function rightsInManual(): Acl[] {
  const manual = readFileSync(MANUAL, 'utf8');
  const roles = /^for role in (.*); do$/m.exec(manual)?.[1]?.split(' ') ?? [];
  const lines = (manual.match(/^ *acl --allow-principal .*$/gm) ?? []).flatMap((line) =>
    line.includes('$role') ? roles.map((role) => line.trim().replace('$role', role)) : [line],
  );
  return lines.flatMap((line) => {
    const words = line.split(' ').slice(1);
    const all = (option: string): string[] => words.flatMap((word, at) => (words[at - 1] === option ? [word] : []));
    const [principal = ''] = all('--allow-principal');
    const resourcePatternType = all('--resource-pattern-type').includes('prefixed')
      ? ResourcePatternTypes.PREFIXED
      : ResourcePatternTypes.LITERAL;
    const told = all('--operation').map((name) => OPERATIONS[name] ?? assert.fail(`${name} in ${line}`));
    const { READ, WRITE, DESCRIBE, CREATE } = AclOperationTypes;
    const onTopics = [
      ...told,
      ...(words.includes('--producer') ? [WRITE, DESCRIBE, CREATE] : []),
      ...(words.includes('--consumer') ? [READ, DESCRIBE] : []),
    ];
    const onGroups = words.includes('--consumer') ? [READ] : told;
    const rights = (resourceType: kafkajs.AclResourceTypes, names: string[], operations: AclOperation[]): Acl[] =>
      names.flatMap((resourceName) =>
        operations.map((operation) => ({ principal, resourceType, resourceName, resourcePatternType, operation })),
      );
    return [
      ...rights(AclResourceTypes.TOPIC, all('--topic'), onTopics),
      ...rights(AclResourceTypes.GROUP, all('--group'), onGroups),
    ];
  });
}

describe('Kafka with the rights that the manual gives, and no others', () => {
  let kafka: KafkaServer;
  let folder: Folder;
  let broker: string;

  before(async () => {
    const [clients, controller] = [await freePort(), await freePort()];
    broker = `127.0.0.1:${clients}`;
    const users = USERS.map((user) => `user_${user}="${PASSWORD}"`).join(' ');
    kafka = await startKafka({
      listeners: `CLIENTS://${broker},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `CLIENTS://${broker}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'CLIENTS',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.clients.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${PASSWORD}" ${users};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:admin;User:ANONYMOUS',
    });
    const admin = new Kafka({
      brokers: [broker],
      logLevel: logLevel.NOTHING,
      sasl: { mechanism: 'plain', username: 'admin', password: PASSWORD },
    }).admin();
    await admin.connect();
    const acl = rightsInManual().map((right) => ({ ...right, host: '*', permissionType: AclPermissionTypes.ALLOW }));
    await admin.createAcls({ acl });
    await admin.disconnect();

    folder = openFolder();
    folder.write(
      'said.jsonl',
      '{"indicator":"45.155.204.20","source":"vetted","confidence":95,"severity":90,"tags":["malicious"]}\nbroken\n',
    );
  });
  after(async () => {
    folder?.close();
    await kafka?.stop();
  });

  function as(user: string, ...args: string[]): Promise<Ended> {
    const sasl = { mechanism: 'plain', username: user, password: PASSWORD };
    folder.write(
      'tipline.yaml',
      stringify({
        bus: { kind: 'kafka', brokers: [broker], sasl, create_topics: false },
        feeds: [{ name: 'vetted', type: 'file', path: join(folder.path, 'said.jsonl') }],
        http: { listen: 'off' },
        responder: { name: 'fw1' },
        log: 'warn',
      }),
    );
    return folder.run(args);
  }

  async function once(role: string): Promise<Summary> {
    const ran = await as(`tipline-${role}`, 'run', role, '--once', '--json');
    assert.equal(ran.code, 0, `${role}: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as Summary;
  }

  it('the operator makes the topics', async () => {
    const ran = await as('tipline-operator', 'setup');
    assert.equal(ran.code, 0, ran.stderr);
  });

  it('every role does its work as its own user', async () => {
    assert.equal((await once('ingest')).read, 2);
    const enriched = await once('enrich');
    assert.deepEqual([enriched.current, enriched.dlq], [1, 1]);
    assert.equal((await once('alerting')).mails, 1);
    assert.equal((await once('responder')).blocks.planned, 1);
    await once('audit');
    const status = await as('tipline-operator', 'status', '--json');
    assert.equal(status.code, 0, status.stderr);
    const told = JSON.parse(status.stdout) as { dead_letters: number; actions: number };
    assert.deepEqual([told.dead_letters, told.actions], [1, 2]);
    const added = await as('tipline-operator', 'add', '45.155.204.21', '--severity', '90', '--tag', 'malicious');
    assert.equal(added.code, 0, added.stderr);
    assert.match((await as('tipline-operator', 'dlq', 'list')).stdout, /RAW_NOT_JSON/);
  });

  it('nobody writes where it is not for them to write', async () => {
    for (const [user, topic] of [
      ['siem', 'ioc.raw'],
      ['siem', 'ioc.enriched'],
      ['tipline-ingest', 'ioc.enriched'],
      ['tipline-responder', 'ioc.enriched'],
      ['tipline-operator', 'ioc.enriched'],
      ['tipline-alerting', 'ioc.raw'],
    ] as const) {
      const producer = new Kafka({
        brokers: [broker],
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
        sasl: { mechanism: 'plain', username: user, password: PASSWORD },
      }).producer();
      await producer.connect();
      await assert.rejects(
        producer.send({ topic, messages: [{ value: '{}' }] }),
        /not authorized/i,
        `${user} writes to ${topic}`,
      );
      await producer.disconnect();
    }
  });
});

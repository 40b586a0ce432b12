import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Admin, alterUserScramCredentialsV0 } from '@platformatic/kafka';
import type { Bus } from '../../../bus/port.ts';
import type { KafkaConfig } from '../../../core/process/config/sections.ts';
import { isInstalled, runCommand } from '../../services/command.ts';
import { freePort } from '../../services/free-port.ts';
import { freshName } from '../../services/given.ts';
import { type KafkaServer, startKafka } from '../../services/kafka.ts';
import { until } from '../../services/wait.ts';
import { freshTopic, openBus } from './open-bus.ts';

type Sasl = NonNullable<KafkaConfig['sasl']>;

const PASSWORD = 'correct horse';
const STORE_PASSWORD = 'changeit';

describe('a broker that wants TLS and a login', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-tls-'));
  const ca = join(folder, 'ca.pem');
  const secure = { brokers: [''] };
  let kafka: KafkaServer;

  before(async () => {
    const keystore = await makeCertificate(folder, ca);
    const [plain, encrypted, controller] = [await freePort(), await freePort(), await freePort()];
    const clients = `PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${encrypted}`;
    kafka = await startKafka({
      listeners: `${clients},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': clients,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'listener.name.secure.ssl.keystore.location': keystore,
      'listener.name.secure.ssl.keystore.type': 'PKCS12',
      'listener.name.secure.ssl.keystore.password': STORE_PASSWORD,
      'listener.name.secure.ssl.key.password': STORE_PASSWORD,
      'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.secure.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_tipline="${PASSWORD}";`,
      'listener.name.secure.scram-sha-256.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'listener.name.secure.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    });
    await createScramUser(`127.0.0.1:${plain}`);
    secure.brokers = [`127.0.0.1:${encrypted}`];
  });
  after(async () => {
    await kafka.stop();
    rmSync(folder, { recursive: true });
  });

  function open(sasl: Sasl | undefined, tls: KafkaConfig['tls'] = { ca }): Bus {
    return openBus(secure.brokers, { tls, ...(sasl === undefined ? {} : { sasl }) }).bus;
  }

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    it(`lets us in with ${mechanism}, to publish, consume and scan`, async () => {
      const bus = open({ mechanism, username: 'tipline', password: PASSWORD });
      await bus.check();
      const topic = await freshTopic(bus);
      await bus.publish(topic, [{ key: 'k', value: 'secret' }]);
      const seen: string[] = [];
      const subscription = await bus.consume({
        topic,
        group: freshName('group'),
        handler: async ({ records }) => void seen.push(...records.map(({ value }) => value.toString())),
      });
      await until(() => seen.includes('secret'), { what: 'the record', timeout: 30_000 });
      await subscription.stop();
      for await (const { value } of bus.scan(topic)) assert.equal(value.toString(), 'secret');
      await bus.close();
    });

    it(`refuses a wrong password with ${mechanism}, and neither side takes it for an outage`, async () => {
      const bus = open({ mechanism, username: 'tipline', password: 'wrong' });
      const refused = { code: 'BUS_LOGIN_REFUSED', retryable: false };
      await assert.rejects(bus.check(), refused);
      await assert.rejects(bus.publish('any', [{ key: 'k', value: 'v' }]), refused);
      await assert.rejects(bus.consume({ topic: 'any', group: 'any', handler: async () => {} }), refused);
      await bus.close();
    });
  }

  it('is not trusted with a certificate that nobody we know has signed, and the message says so', async () => {
    const bus = open({ mechanism: 'plain', username: 'tipline', password: PASSWORD }, true);
    await assert.rejects(bus.check(), /self.signed certificate/);
    await bus.close();
  });

  it('does not answer plain text, and the message says what to set', async () => {
    const bus = open(undefined, false);
    await assert.rejects(bus.check(), /TLS/);
    await bus.close();
  });

  it('cannot be reached with a file that is not there', () => {
    assert.throws(() => open(undefined, { ca: join(folder, 'missing.pem') }), {
      code: 'BUS_TLS_FILE',
      message: /bus\.tls\.ca/,
    });
  });
});

/** A key and a self-signed certificate for 127.0.0.1: as a PKCS12 file for the broker, and the certificate alone at `ca`. */
async function makeCertificate(folder: string, ca: string): Promise<string> {
  if (!isInstalled('openssl')) throw new Error('This test needs openssl. On Debian: apt-get install openssl');
  const [key, store] = [join(folder, 'key.pem'), join(folder, 'broker.p12')];
  const config = join(folder, 'openssl.cnf');
  writeFileSync(config, '[req]\ndistinguished_name=dn\n[dn]\n');
  await must(
    ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ['-config', config, '-keyout', key, '-out', ca, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
  );
  await must(
    ['openssl', 'pkcs12', '-export', '-inkey', key, '-in', ca, '-out', store, '-name', 'broker'],
    ['-passout', `pass:${STORE_PASSWORD}`],
  );
  return store;
}

async function must(...argv: string[][]): Promise<void> {
  const { code, stderr } = await runCommand(argv.flat());
  assert.equal(code, 0, stderr);
}

async function createScramUser(broker: string): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] });
  const [host = '', port = ''] = broker.split(':');
  const connection = await admin.connections.get({ host, port: Number(port) });
  const iterations = 4_096;
  const mechanisms = [
    { mechanism: 1, digest: 'sha256', length: 32 },
    { mechanism: 2, digest: 'sha512', length: 64 },
  ];
  for (const { mechanism, digest, length } of mechanisms) {
    const salt = randomBytes(16);
    const saltedPassword = pbkdf2Sync(PASSWORD, salt, iterations, length, digest);
    const credentials = { name: 'tipline', mechanism, iterations, salt, saltedPassword };
    await alterUserScramCredentialsV0.api.async(connection, [], [credentials]);
  }
  await admin.close();
}

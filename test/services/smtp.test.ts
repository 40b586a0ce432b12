import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTransport } from 'nodemailer';
import { type MailServer, type MailServerOptions, startSmtp } from './smtp.ts';

const letter = { from: 'tipline@example.org', to: 'a@example.org, b@example.org', subject: 'Grüße', text: 'hello\n' };

describe('mail server', () => {
  it('keeps a mail with its envelope', async () => {
    await withServer({}, async (server) => {
      await send(server);
      const [received] = await server.waitFor(1);
      assert.ok(received);
      assert.deepEqual([received.from, received.to], ['tipline@example.org', ['a@example.org', 'b@example.org']]);
      assert.equal(received.mail.subject, 'Grüße');
      assert.equal(received.mail.text, 'hello\n');
      assert.equal(received.acknowledged, true);
      assert.equal(received.secure, false);
    });
  });

  for (const tls of ['starttls', 'implicit'] as const) {
    it(`speaks TLS (${tls}) with a certificate that a client can check`, async () => {
      await withServer({ tls, login: { user: 'u', pass: 'secret' } }, async (server) => {
        await assert.rejects(send(server, { tls: {}, auth: { user: 'u', pass: 'secret' } }), /self-signed/);
        await assert.rejects(send(server, { auth: { user: 'u', pass: 'wrong' } }), { code: 'EAUTH' });
        await assert.rejects(send(server), { responseCode: 530 });
        await send(server, { auth: { user: 'u', pass: 'secret' } });
        const [received] = await server.waitFor(1);
        assert.deepEqual([received?.secure, received?.user], [true, 'u']);
      });
    });
  }

  for (const at of ['connect', 'from', 'to', 'data'] as const) {
    it(`refuses at "${at}" as often as it is told`, async () => {
      await withServer({}, async (server) => {
        server.failWith({ kind: 'refuse', at, code: 451 }, 1);
        const one = { ...letter, to: 'a@example.org' };
        await assert.rejects(send(server, {}, one), { responseCode: 451 });
        await send(server, {}, one);
        const acknowledged = server.mails.map((mail) => mail.acknowledged);
        assert.deepEqual(acknowledged, at === 'data' ? [false, true] : [true]);
      });
    });
  }

  it('cuts the connection after the mail has arrived, without acknowledging it', async () => {
    await withServer({}, async (server) => {
      server.failWith({ kind: 'drop', at: 'data' });
      await assert.rejects(send(server));
      const [received] = await server.waitFor(1);
      assert.equal(received?.acknowledged, false);
      server.heal();
      await send(server);
      assert.deepEqual([server.mails.length, server.connections], [2, 2]);
    });
  });

  it('stalls until it is stopped, and comes back on its port', async () => {
    const server = await startSmtp();
    server.failWith({ kind: 'stall', at: 'data' });
    const stalled = assert.rejects(send(server));
    await server.waitFor(1);
    await server.stop();
    await stalled;
    await assert.rejects(send(server), { code: 'ESOCKET' });
    await withServer({ port: server.port }, (again) => send(again));
  });
});

async function withServer(options: MailServerOptions, work: (server: MailServer) => Promise<unknown>): Promise<void> {
  const server = await startSmtp(options);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

function send(
  server: MailServer,
  options: { tls?: object; auth?: { user: string; pass: string } } = {},
  mail = letter,
): Promise<unknown> {
  const { hostname, port, protocol } = new URL(server.url);
  const transport = createTransport({
    host: hostname,
    port: Number(port),
    secure: protocol === 'smtps:',
    tls: { ca: server.ca },
    ...options,
  });
  return transport.sendMail(mail).finally(() => transport.close());
}

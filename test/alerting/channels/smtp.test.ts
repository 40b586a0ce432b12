import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Channel, Delivery } from '../../../alerting/channels/channel.ts';
import { openSmtpChannel, type SmtpOptions } from '../../../alerting/channels/smtp.ts';
import { type Fault, type MailServer, type MailServerOptions, startSmtp } from '../../services/smtp.ts';
import { until } from '../../services/wait.ts';
import { CORRESPONDENTS, sampleMail } from './sample-mail.ts';

async function open(
  t: TestContext,
  server: MailServerOptions = {},
  options: Partial<SmtpOptions> = {},
): Promise<{ server: MailServer; channel: Channel }> {
  const running = await startSmtp(server);
  const url = running.url.replace('://', server.login === undefined ? '://' : '://alice:s3cret%2F@');
  const channel = openSmtpChannel({
    url,
    correspondents: CORRESPONDENTS,
    ca: running.ca,
    tls: 'required',
    timeout: 1000,
    ...options,
  });
  t.after(async () => {
    await channel.close();
    // The server is in this process: its end of a failed TLS handshake must be through before it is cut off.
    await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'), { what: 'all connections to end' });
    await running.stop();
  });
  return { server: running, channel };
}

const LOGIN = { user: 'alice', pass: 's3cret/' };

for (const { name, server, secure } of [
  { name: 'without TLS to this machine', server: {}, secure: false },
  { name: 'with STARTTLS', server: { tls: 'starttls', login: LOGIN }, secure: true },
  { name: 'with TLS from the start', server: { tls: 'implicit', login: LOGIN }, secure: true },
] satisfies { name: string; server: MailServerOptions; secure: boolean }[]) {
  test(`a mail arrives as it was composed, ${name}`, async (t) => {
    const { server: running, channel } = await open(t, server);
    assert.equal(await channel.verify(), undefined);
    const sent = sampleMail();
    assert.deepEqual(await channel.deliver(sent), { kind: 'accepted', refusedRecipients: [] });

    const received = running.mails[0] ?? assert.fail('nothing arrived');
    assert.equal(received.secure, secure);
    assert.equal(received.from, 'tipline@example.org');
    assert.deepEqual(received.to, ['security@example.org', 'night@example.org']);
    const { mail } = received;
    assert.equal(mail.messageId, sent.messageId);
    assert.equal(mail.date?.toISOString(), '2026-05-10T12:00:00.000Z');
    assert.equal(mail.subject, sent.subject);
    assert.equal(mail.text, sent.text);
    assert.equal(mail.html, sent.html);
    assert.equal(mail.headers.get('auto-submitted'), 'auto-generated');
    assert.deepEqual(mail.attachments, []);
  });
}

test('two mails go over one connection, and the same mail looks the same each time', async (t) => {
  const { server, channel } = await open(t);
  await channel.deliver(sampleMail());
  await channel.deliver(sampleMail());
  assert.equal(server.connections, 1);
  const [first, second] = server.mails.map(({ mail }) => [
    mail.messageId,
    mail.date,
    mail.subject,
    mail.text,
    mail.html,
  ]);
  assert.deepEqual(first, second);
});

test('a connection that the server has closed since does not lose the next mail', async (t) => {
  const { server, channel } = await open(t);
  await channel.deliver(sampleMail());
  await server.stop();
  const again = await startSmtp({ port: server.port });
  t.after(() => again.stop());
  let delivery = await channel.deliver(sampleMail());
  if (delivery.kind !== 'accepted') delivery = await channel.deliver(sampleMail());
  assert.equal(delivery.kind, 'accepted');
  assert.equal(again.mails.length, 1);
});

interface Case {
  name: string;
  fault: Fault;
  /** How often it happens; once unless told. */
  times?: number;
  expected: { kind: Delivery['kind']; lasting: boolean };
  message: RegExp;
}

for (const { name, fault, times = 1, expected, message } of [
  {
    name: '4xx for the sender',
    fault: { kind: 'refuse', at: 'from', code: 451 },
    expected: { kind: 'unreachable', lasting: false },
    message: /does not take the mail now/,
  },
  {
    name: '5xx for all recipients',
    fault: { kind: 'refuse', at: 'to', code: 550 },
    times: 2,
    expected: { kind: 'refused', lasting: true },
    message: /check alerting\.email\.from, alerting\.email\.to/,
  },
  {
    name: '5xx for the message',
    fault: { kind: 'refuse', at: 'data', code: 554, text: 'smells of spam\u001b[2J' },
    expected: { kind: 'refused', lasting: true },
    message: /smells of spam \[2J$/,
  },
  {
    name: '4xx for the message',
    fault: { kind: 'refuse', at: 'data', code: 452 },
    expected: { kind: 'unreachable', lasting: false },
    message: /452/,
  },
  {
    name: 'a greeting that never comes',
    fault: { kind: 'stall', at: 'connect' },
    expected: { kind: 'unreachable', lasting: false },
    message: /does not answer in time/,
  },
  {
    name: 'an acknowledgement that never comes',
    fault: { kind: 'stall', at: 'data' },
    expected: { kind: 'unreachable', lasting: false },
    message: /does not answer in time/,
  },
  {
    name: 'a connection cut before the acknowledgement',
    fault: { kind: 'drop', at: 'data' },
    expected: { kind: 'unreachable', lasting: false },
    message: /no (mail|connection)/,
  },
  {
    name: 'a connection cut at once',
    fault: { kind: 'drop', at: 'connect' },
    expected: { kind: 'unreachable', lasting: false },
    message: /no (mail|connection)/,
  },
] as Case[]) {
  test(`${name} is told in words, and the next mail passes`, async (t) => {
    const { server, channel } = await open(t);
    server.failWith(fault, times);
    const delivery = await channel.deliver(sampleMail());
    assert.partialDeepStrictEqual(delivery, expected);
    assert.match('message' in delivery ? delivery.message : '', message);
    assert.ok(server.mails.length <= 1, 'the pool must not send again by itself');

    assert.equal((await channel.deliver(sampleMail())).kind, 'accepted');
  });
}

test('a recipient that is refused is named, the others have their mail', async (t) => {
  const { server, channel } = await open(t);
  server.failWith({ kind: 'refuse', at: 'to', code: 550 }, 1);
  assert.deepEqual(await channel.deliver(sampleMail()), {
    kind: 'accepted',
    refusedRecipients: ['security@example.org'],
  });
  assert.deepEqual(server.mails[0]?.to, ['night@example.org']);
});

test('a wrong password is told without repeating it', async (t) => {
  const { server, channel } = await open(t, { login: { user: 'alice', pass: 'other' } });
  const delivery = await channel.deliver(sampleMail());
  assert.partialDeepStrictEqual(delivery, { kind: 'unreachable', lasting: true });
  const message = 'message' in delivery ? delivery.message : '';
  assert.match(message, /refuses the user name or password of alerting\.email\.smtp/);
  assert.doesNotMatch(message, /s3cret/);
  assert.partialDeepStrictEqual(await channel.verify(), { kind: 'unreachable', lasting: true });
  assert.deepEqual(server.mails, []);
});

test('a certificate that nobody vouches for is refused, with advice', async (t) => {
  for (const tls of ['starttls', 'implicit'] as const) {
    const { server, channel } = await open(t, { tls }, { ca: undefined });
    const delivery = await channel.deliver(sampleMail());
    assert.partialDeepStrictEqual(delivery, { kind: 'unreachable', lasting: true });
    assert.match('message' in delivery ? delivery.message : '', /certificate .* not trusted; set alerting\.email\.ca/);
    assert.deepEqual(server.mails, []);
  }
});

// 127.1 is this machine, spelt in a way that does not show it: it stands for any other one.
for (const { name, url, tls } of [
  { name: 'a mail', url: 'smtp://127.1', tls: 'required' },
  { name: 'a password', url: 'smtp://alice:s3cret@127.1', tls: 'opportunistic' },
] as const) {
  test(`${name} does not go to another machine without TLS`, async (t) => {
    const { server } = await open(t);
    const channel = openSmtpChannel({
      url: `${url}:${server.port}`,
      correspondents: CORRESPONDENTS,
      ca: undefined,
      tls,
      timeout: 1000,
    });
    const delivery = await channel.deliver(sampleMail());
    await channel.close();
    assert.partialDeepStrictEqual(delivery, { kind: 'unreachable', lasting: true });
    assert.match('message' in delivery ? delivery.message : '', /offers no TLS/);
    assert.deepEqual(server.mails, []);
  });
}

test('without a password, opportunistic goes to another machine without TLS', async (t) => {
  const { server } = await open(t);
  const url = `smtp://127.1:${server.port}`;
  const channel = openSmtpChannel({
    url,
    correspondents: CORRESPONDENTS,
    ca: undefined,
    tls: 'opportunistic',
    timeout: 1000,
  });
  assert.equal((await channel.deliver(sampleMail())).kind, 'accepted');
  await channel.close();
});

test('opportunistic TLS takes any certificate, but not another one than the given', async (t) => {
  const loose = await open(t, { tls: 'starttls' }, { ca: undefined, tls: 'opportunistic' });
  assert.equal((await loose.channel.deliver(sampleMail())).kind, 'accepted');
  assert.equal(loose.server.mails[0]?.secure, true);

  const strict = await open(t, { tls: 'starttls' }, { ca: loose.server.ca, tls: 'opportunistic' });
  assert.equal((await strict.channel.deliver(sampleMail())).kind, 'unreachable');
});

test('nothing listens: told at once', async (t) => {
  const { server, channel } = await open(t);
  await server.stop();
  const delivery = await channel.deliver(sampleMail());
  assert.partialDeepStrictEqual(delivery, { kind: 'unreachable', lasting: false });
  assert.match(
    'message' in delivery ? delivery.message : '',
    new RegExp(`127\\.0\\.0\\.1:${server.port}.*ECONNREFUSED`),
  );
});

import type { SMTPPoolOptions, SMTPPoolSentMessageInfo } from 'nodemailer';
import { createTransport, type Transporter } from 'nodemailer';
import type { OutboxMail } from '../../store/port.ts';
import type { Channel, Delivery, Failure } from './channel.ts';
import { type Correspondents, messageOf } from './message.ts';
import { readSmtpAddress, type SmtpAddress } from './smtp-address.ts';
import { failureOf } from './smtp-failure.ts';

export interface SmtpOptions {
  /** `smtp://…` or `smtps://…`, see readSmtpAddress. */
  url: string;
  correspondents: Correspondents;
  /** PEM text of the authority that signed the server's certificate; without it the ones that Node trusts. */
  ca: string | undefined;
  tls: 'required' | 'opportunistic';
  /** Milliseconds for each of: connecting, the greeting, an answer. Must be below half the sender's lease. */
  timeout: number;
}

/**
 * One connection to one mail server.
 *
 * TLS: `required` refuses to send without it, except to this machine; wherever it is used the certificate is verified.
 * `opportunistic` takes TLS where it is offered and, without a `ca`, any certificate, as RFC 7435 has it. A password crosses a
 * network only over verified TLS, whatever is set.
 */
export function openSmtpChannel({ url, correspondents, ca, tls, timeout }: SmtpOptions): Channel {
  const server = readSmtpAddress(url);
  const where = `${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`;
  const transport: Transporter<SMTPPoolSentMessageInfo> = createTransport(optionsOf(server, ca, tls, timeout));
  // Errors of idle connections come as events and would end the process; the next delivery tells what is wrong.
  transport.on('error', () => {});

  return {
    description: `smtp ${where}`,
    async deliver(mail: OutboxMail): Promise<Delivery> {
      try {
        const info = await transport.sendMail({
          ...messageOf(mail, correspondents),
          // The timeouts bound each answer; this bounds the conversation, for a server that drips.
          signal: AbortSignal.timeout(timeout * 6),
        });
        return { kind: 'accepted', refusedRecipients: info.rejected.map(String) };
      } catch (error) {
        return failureOf(error, where);
      }
    },
    async verify(): Promise<Failure | undefined> {
      try {
        await transport.verify();
        return undefined;
      } catch (error) {
        return failureOf(error, where);
      }
    },
    async close() {
      transport.close();
    },
  };
}

function optionsOf(
  { host, port, secure, auth, loopback }: SmtpAddress,
  ca: string | undefined,
  tls: SmtpOptions['tls'],
  timeout: number,
): SMTPPoolOptions & { pool: true } {
  const secretAbroad = auth !== undefined && !loopback;
  const mayGoWithout = loopback || (tls === 'opportunistic' && !secretAbroad);
  const anyCertificate = tls === 'opportunistic' && ca === undefined && !secretAbroad;
  return {
    pool: true,
    maxConnections: 1,
    // The pool would send again by itself; whether to do so is the outbox's decision.
    maxRequeues: 0,
    // Mails are minutes apart: a connection kept that long is one that the server has dropped.
    idleTimeout: 5000,
    host,
    port,
    secure,
    ...(auth !== undefined && { auth }),
    requireTLS: !secure && !mayGoWithout,
    opportunisticTLS: !secure && tls === 'opportunistic' && mayGoWithout,
    tls: { rejectUnauthorized: !anyCertificate, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

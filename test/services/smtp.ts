import type { Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { type Certificate, selfSigned } from './certificate.ts';
import { freePort } from './free-port.ts';
import { until } from './wait.ts';

/** Where in a delivery something goes wrong; `data` is after the whole mail has arrived and before it is acknowledged. */
export type Moment = 'connect' | 'login' | 'from' | 'to' | 'data';

export type Fault =
  /** Answers with this code: 4xx is to be tried again, 5xx is final. */
  | { kind: 'refuse'; at: Moment; code: number; text?: string }
  /** Never answers. */
  | { kind: 'stall'; at: Moment }
  /** Cuts the connection. */
  | { kind: 'drop'; at: Moment };

export interface ReceivedMail {
  /** Of the envelope. */
  from: string;
  to: string[];
  /** False when a fault kept the server from saying 250 for it. */
  acknowledged: boolean;
  secure: boolean;
  /** The name it was logged in with. */
  user: string | undefined;
  raw: Buffer;
  mail: ParsedMail;
}

export interface MailServer {
  readonly port: number;
  /** `smtp://127.0.0.1:PORT`, or `smtps://…` */
  readonly url: string;
  /** What a client has to trust; undefined without TLS. */
  readonly ca: string | undefined;
  /** Connections accepted so far. */
  readonly connections: number;
  /** All mails whose text arrived in full, in order, acknowledged or not. */
  readonly mails: readonly ReceivedMail[];
  /** Sets a fault for the next `times` deliveries that come to its moment; for ever unless told. */
  failWith(fault: Fault, times?: number): void;
  /** Goes back to accepting everything. */
  heal(): void;
  /** Waits until that many mails have arrived, and returns all there are. */
  waitFor(count: number, timeout?: number): Promise<readonly ReceivedMail[]>;
  /** Cuts all connections and closes the port. */
  stop(): Promise<void>;
}

export interface MailServerOptions {
  /** To come back on the port of an earlier one; a free one unless told. */
  port?: number;
  /** `none` unless told. */
  tls?: 'none' | 'starttls' | 'implicit';
  /** Asks for this login; none is asked for unless told. */
  login?: { user: string; pass: string };
}

/** Starts a mail server on loopback that keeps what it gets. */
export async function startSmtp(options: MailServerOptions = {}): Promise<MailServer> {
  const { tls = 'none', login, port = await freePort() } = options;
  const certificate = tls === 'none' ? undefined : await selfSigned();
  const mails: ReceivedMail[] = [];
  const sockets = new Map<number, Socket>();
  let connections = 0;
  let planned: { fault: Fault; left: number } | undefined;

  /** Lets a delivery pass this moment, or does to it what the fault says. */
  function pass(at: Moment, session: SMTPServerSession, answer: (refusal?: Error) => void): void {
    const fault = planned?.fault;
    if (planned === undefined || fault?.at !== at) {
      answer();
      return;
    }
    planned.left -= 1;
    if (planned.left <= 0) planned = undefined;
    if (fault.kind === 'refuse') {
      answer(Object.assign(new Error(fault.text ?? 'refused by the test'), { responseCode: fault.code }));
    } else if (fault.kind === 'drop') {
      sockets.get(session.remotePort)?.destroy();
    }
    // To stall is never to answer.
  }

  const server = new SMTPServer({
    ...tlsOptions(tls, certificate),
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1000,
    onConnect: (session, answer) => pass('connect', session, answer),
    onAuth(auth, session, answer) {
      pass('login', session, (refusal) => {
        const right = login === undefined || (auth.username === login.user && auth.password === login.pass);
        answer(refusal ?? (right ? null : new Error('wrong login')), { user: auth.username });
      });
    },
    onMailFrom: (_address, session, answer) => pass('from', session, answer),
    onRcptTo: (_address, session, answer) => pass('to', session, answer),
    async onData(stream, session, answer) {
      try {
        const raw = Buffer.concat(await stream.toArray());
        const received = { ...envelopeOf(session), acknowledged: false, raw, mail: await simpleParser(raw) };
        mails.push(received);
        pass('data', session, (refusal) => {
          received.acknowledged = refusal === undefined;
          answer(refusal);
        });
      } catch {
        // The client went away in the middle of its mail: there is nobody to answer.
      }
    },
  });
  server.on('error', () => {}); // a client that broke off; the test looks at its own side
  server.server.on('connection', (socket) => {
    connections += 1;
    const { remotePort } = socket;
    if (remotePort === undefined) return;
    sockets.set(remotePort, socket);
    socket.once('close', () => sockets.delete(remotePort));
  });

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await listening;

  return {
    port,
    url: `${tls === 'implicit' ? 'smtps' : 'smtp'}://127.0.0.1:${port}`,
    ca: certificate?.cert,
    mails,
    get connections() {
      return connections;
    },
    failWith(fault, times = Number.POSITIVE_INFINITY) {
      planned = { fault, left: times };
    },
    heal() {
      planned = undefined;
    },
    async waitFor(count, timeout = 10_000) {
      await until(() => mails.length >= count, { what: `${count} mails (there are ${mails.length})`, timeout });
      return mails;
    },
    stop() {
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      // under TLS the server ends its connections itself, after closeTimeout: Node dies of a raw socket that is taken away beneath a failed handshake
      if (tls !== 'implicit') for (const socket of sockets.values()) socket.destroy();
      server.close(() => closed());
      return promise;
    },
  };
}

function tlsOptions(tls: 'none' | 'starttls' | 'implicit', certificate: Certificate | undefined): SMTPServerOptions {
  if (certificate === undefined) return { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] };
  return { secure: tls === 'implicit', key: certificate.key, cert: certificate.cert };
}

function envelopeOf(session: SMTPServerSession): Pick<ReceivedMail, 'from' | 'to' | 'secure' | 'user'> {
  const { mailFrom, rcptTo } = session.envelope;
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    secure: session.secure,
    user: session.user,
  };
}

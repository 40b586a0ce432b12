import { createBackoff, pause } from '../../core/process/backoff.ts';
import type { Log } from '../../core/process/log.ts';
import type { ConsumeOptions, Subscription } from '../port.ts';
import type { BusAdmin } from './admin.ts';
import { busError, topicMissing } from './errors.ts';
import type { NewClient } from './kafkajs-client.ts';
import type { Outages } from './outages.ts';
import { type Session, type SessionEnd, startSession } from './session.ts';

export interface ConsumerContext {
  newClient: NewClient;
  admin: BusAdmin;
  outages: Outages;
  log: Log;
  /** Aborted when the bus is closed: nothing in hand is waited for. */
  signal: AbortSignal;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/**
 * Consumes through outages: a session that the brokers left in the lurch is followed by another. Resolves when partitions are assigned,
 * or at the first outage, which is then waited for in the background; rejects when consuming cannot work (no such topic, not authorised).
 */
export async function consumeTopic(options: ConsumeOptions, context: ConsumerContext): Promise<Subscription> {
  const { topic, group } = options;
  const { newClient, admin, outages, log, signal } = context;
  const line = outages.line(`${topic} as ${group}`);
  const begun = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const leaving = AbortSignal.any([stopping.signal, signal]);
  const backoff = createBackoff({ first: FIRST_WAIT_MS, most: LONGEST_WAIT_MS });
  let session: Session | undefined;
  let prepared = false;

  /** What must be so before the first session, asked again until the brokers answer. */
  async function prepare(): Promise<void> {
    if (prepared) return;
    const [missing] = await admin.missingTopics([topic]);
    if (missing !== undefined) throw topicMissing(missing);
    if (options.from === 'latest') await admin.startAtEnd(topic, group);
    prepared = true;
  }

  async function live(): Promise<SessionEnd> {
    try {
      await prepare();
    } catch (error) {
      const known = busError(error, `consuming ${topic} as ${group}`);
      return known.retryable === true ? { reason: 'outage', error: known } : { reason: 'died', error: known };
    }
    if (leaving.aborted) return { reason: 'stopped' };
    session = startSession(options, { newClient, line, log });
    void session.joined.then(() => {
      backoff.reset();
      begun.resolve();
    });
    return session.ended;
  }

  async function supervise(): Promise<void> {
    while (!leaving.aborted) {
      const end = await live();
      session = undefined;
      switch (end.reason) {
        case 'stopped':
          return;
        case 'died':
          throw end.error;
        case 'outage':
          line.down(end.error);
          begun.resolve();
          await pause(backoff.next(), leaving);
          break;
        default: {
          const never: never = end;
          return never;
        }
      }
    }
  }

  const abortSession = (): void => session?.abort();
  signal.addEventListener('abort', abortSession);
  const closed = supervise().finally(() => {
    signal.removeEventListener('abort', abortSession);
    line.gone();
  });
  closed.then(begun.resolve, (error: unknown) => {
    log.error({ topic, group, error }, 'a consumer died');
    begun.reject(error);
  });
  await begun.promise;

  return {
    closed,
    async stop() {
      stopping.abort();
      session?.stop();
      await closed.catch(() => {});
    },
  };
}

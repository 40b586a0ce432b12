import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Batch, Bus, Outgoing } from '../bus/port.ts';
import { deadLetterRecord } from '../core/contract/dead-letter.ts';
import type { EnrichedDocument } from '../core/contract/enriched-document.ts';
import { readDocument } from '../core/contract/read-document.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { pause } from '../core/process/backoff.ts';
import type { AlertingConfig } from '../core/process/config/sections.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { Cursors, Outbox } from '../store/port.ts';
import type { Channel } from './channels/channel.ts';
import { readCorrespondents } from './channels/message.ts';
import { openMailBook } from './mail-book.ts';
import { createMailRounds } from './mail-round.ts';
import { recordAlerts } from './record-alerts.ts';
import { type Clock, createSender } from './sender.ts';

export const ALERTING_GROUP = 'tipline-alerting';
const LEASE_KEY = 'lease:alerting-sender';

export interface AlertingOptions {
  config: AlertingConfig;
  bus: Bus;
  outbox: Outbox;
  cursors: Cursors;
  /** Closed by whoever opened it, after `stop`. */
  channel: Channel;
  context: WorkerContext;
  /** No timers: mails go out at `flush` alone. */
  once: boolean;
  /**
   * Names this process among those that may send. Where only one can be (embedded store), a fixed name lets the next start go on at
   * once after a crash; otherwise the lease of a dead process has to run out.
   */
  owner?: string;
  clock?: Clock;
}

export interface AlertingWorker extends Worker {
  /** Call when the topic is drained: sends all that waits, without the timers. Rejects with `MAIL_NOT_SENT`; the outbox keeps it. */
  flush(): Promise<void>;
  counts(): {
    /** Rows that came to wait for a mail since the start. */
    alerts: number;
    /** Mails accepted since the start. */
    mails: number;
  };
}

/** The lease must outlast two waits for the mail server, so that a sender that waits is not taken for dead. */
function leaseOf(timeout: number): number {
  return Math.max(10_000, 2 * timeout + 5_000);
}

/** Reads `ioc.enriched`, keeps the outbox, and mails from it. */
export async function startAlerting(options: AlertingOptions): Promise<AlertingWorker> {
  const { config, bus, outbox, cursors, channel, context, once } = options;
  const { log, metrics, seam } = context;
  const clock = options.clock ?? { now: Date.now, sleep: pause };
  const owner = options.owner ?? `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const policy = { threshold: config.threshold, repeatAfter: config.repeat_after };
  const { from, to } = readCorrespondents(config.email);
  const book = openMailBook(cursors);
  const lease = leaseOf(config.email.timeout);

  const rounds = createMailRounds({
    fill: {
      outbox,
      book,
      seam,
      settings: { ...policy, maxRows: config.max_rows, domain: from.address.slice(from.address.lastIndexOf('@') + 1) },
    },
    send: {
      outbox,
      book,
      bus,
      channel,
      seam,
      now: clock.now,
      unmarked: new Set(),
      settings: { threshold: config.threshold, recipients: to.length },
    },
    cursors,
    lease: { key: LEASE_KEY, owner, ms: lease },
    quiet: config.quiet,
    context,
  });

  let alerts = 0;
  let batches = 0;
  let batchesSeen = 0;

  const sender = createSender({
    outbox,
    rounds,
    context,
    firstWait: config.first_wait,
    lease,
    clock,
    async busy() {
      const moving = batches !== batchesSeen;
      batchesSeen = batches;
      // Whether more is coming is worth a question, not a failure: without an answer the mail goes out.
      return moving && (await bus.lag(TOPICS.enriched, ALERTING_GROUP).catch(() => 0)) > 0;
    },
  });

  const countRecords = metrics.counter('tipline_alerting_records_total', 'Records read from ioc.enriched');
  const countAlerts = metrics.counter('tipline_alerts_total', 'Indicators that came to wait for a mail');

  const handler = async (batch: Batch): Promise<void> => {
    batches += 1;
    const now = clock.now();
    const documents: EnrichedDocument[] = [];
    const refused: Outgoing[] = [];
    let unknown = 0;
    for (const record of batch.records) {
      const read = readDocument(record);
      switch (read.kind) {
        case 'document':
          documents.push(read.document);
          break;
        case 'unknown-schema':
          unknown += 1;
          break;
        case 'refused':
          refused.push(deadLetterRecord(record, batch, { ...read, stage: 'alerting' }, now));
          break;
        default: {
          const never: never = read;
          return never;
        }
      }
    }
    if (unknown > 0) log.warn({ records: unknown }, 'documents of another version on ioc.enriched are left out');

    const { opened, closed } = await recordAlerts(documents, outbox, policy, now, batch);
    seam('alerting:after-outbox');
    alerts += opened;
    countRecords(batch.records.length);
    countAlerts(opened);
    if (opened > 0) sender.wake();
    if (opened + closed > 0) log.info({ opened, closed }, 'alerts recorded');

    if (refused.length > 0) {
      log.warn({ records: refused.length }, 'records of ioc.enriched cannot be read; see ioc.dlq');
      await bus.publish(TOPICS.deadLetters, refused);
    }
    seam('alerting:before-commit');
  };

  const subscription = await bus.consume({ topic: TOPICS.enriched, group: ALERTING_GROUP, handler });
  const sending = once ? Promise.resolve() : sender.run();
  // Either half that dies takes the worker down; both end by `stop`.
  const closed = Promise.all([subscription.closed, sending]).then(() => {});
  closed.catch(() => {});
  log.info({ channel: channel.description, threshold: config.threshold }, 'alerting runs');

  return {
    closed,
    flush: sender.flush,
    counts: () => ({ alerts, mails: rounds.accepted() }),
    async stop() {
      await subscription.stop();
      sender.stop();
      await sending.catch(() => {});
    },
  };
}

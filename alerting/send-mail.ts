import type { Bus } from '../bus/port.ts';
import type { Action } from '../core/contract/action.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { Seam } from '../core/process/seam.ts';
import type { Outbox, OutboxMail, Versioned } from '../store/port.ts';
import type { Channel, Delivery } from './channels/channel.ts';
import type { MailBook } from './mail-book.ts';

export interface SendContext {
  outbox: Outbox;
  book: MailBook;
  bus: Pick<Bus, 'publish'>;
  channel: Channel;
  seam: Seam;
  now(): number;
  /** Mails of this process that the channel took and the outbox does not know of yet: they must not go out twice. */
  unmarked: Set<string>;
  settings: { threshold: number; recipients: number };
}

/**
 * Sends a sealed mail.
 *
 *   sealed --count--> sealed --deliver--> accepted --mark--> sent --tell--> told
 *
 * - count: `attempts` goes up by compare-and-set, so of two senders one sends;
 * - deliver: the channel's answer decides;
 * - mark: `sentAt`; death before it sends the mail once more, the same text under the same Message-ID;
 * - tell: the action is published, and the book forgets the mail; death before it is made good at the next start by `tellUntold`.
 */
export async function sendMail(
  mail: Versioned<OutboxMail>,
  context: SendContext,
): Promise<Delivery | { kind: 'elsewhere' }> {
  const { outbox, channel, seam, unmarked } = context;
  const counted = { ...mail.value, attempts: mail.value.attempts + 1 };
  if (!(await outbox.saveMail({ value: counted, version: mail.version }))) return { kind: 'elsewhere' };

  let delivery: Delivery = { kind: 'accepted', refusedRecipients: [] };
  if (!unmarked.has(counted.id)) delivery = await channel.deliver(counted);
  if (delivery.kind !== 'accepted') return delivery;
  unmarked.add(counted.id);
  seam('sender:after-send');

  const sent = await mark(outbox, counted.id, context.now());
  unmarked.delete(counted.id);
  seam('sender:after-marked');
  await tell(sent, context);
  return delivery;
}

/** Publishes the actions of mails that were sent before a crash. */
export async function tellUntold(context: SendContext): Promise<void> {
  for (const id of (await context.book.read()).untold) {
    const mail = await context.outbox.readMail(id);
    if (mail === undefined) await context.book.told(id);
    else if (mail.value.sentAt > 0) await tell(mail.value, context);
  }
}

async function mark(outbox: Outbox, id: string, now: number): Promise<OutboxMail> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const found = await outbox.readMail(id);
    if (found === undefined) break;
    if (found.value.sentAt > 0) return found.value;
    // Nobody sends it again: what remains is for people, and small.
    const value = { ...found.value, sentAt: now, html: '', rows: [] };
    if (await outbox.saveMail({ value, version: found.version })) return value;
  }
  throw new TiplineError(
    'MAIL_NOT_MARKED',
    `mail ${id} was sent, but the outbox does not let it be marked; it will be sent again`,
    {
      retryable: true,
    },
  );
}

async function tell(mail: OutboxMail, { bus, book, settings }: SendContext): Promise<void> {
  const action: Action = {
    schema: 1,
    id: `mail-${mail.id}`,
    '@timestamp': new Date(mail.sentAt).toISOString(),
    verb: 'mail',
    outcome: 'done',
    actor: 'alerting',
    reason: `${mail.indicators} ${mail.indicators === 1 ? 'indicator' : 'indicators'} above ${settings.threshold}`,
    mail: { message_id: mail.messageId, indicators: mail.indicators, recipients: settings.recipients },
  };
  await bus.publish(TOPICS.actions, [{ key: action.id, value: JSON.stringify(action) }]);
  await book.told(mail.id);
}

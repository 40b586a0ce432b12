import type { SendMailOptions } from 'nodemailer';
import type { OutboxMail } from '../../store/port.ts';
import { type MailAddress, readAddress } from './address.ts';

/** Sender and recipients: from the configuration alone, never from an indicator. */
export interface Correspondents {
  from: MailAddress;
  to: readonly MailAddress[];
}

export function readCorrespondents(email: { from: string; to: readonly string[] }): Correspondents {
  return {
    from: readAddress(email.from, 'alerting.email.from'),
    to: email.to.map((text, index) => readAddress(text, `alerting.email.to[${index}]`)),
  };
}

/** The message that every channel hands over: the same mail gives the same headers, also in a repeat after a crash. */
export function messageOf(mail: OutboxMail, { from, to }: Correspondents): SendMailOptions {
  return {
    from,
    to: [...to],
    envelope: { from: from.address, to: to.map(({ address }) => address) },
    messageId: mail.messageId,
    date: new Date(mail.createdAt),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    headers: {
      // RFC 3834: keeps holiday replies away.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

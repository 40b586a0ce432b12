import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel } from '../../alerting/channels/channel.ts';
import { openEmlFolder } from '../../alerting/channels/eml-folder.ts';
import { readCorrespondents } from '../../alerting/channels/message.ts';
import { openSmtpChannel } from '../../alerting/channels/smtp.ts';
import type { Settings } from '../settings.ts';

/** Where mails go: the configured server, or files under data/mail. */
export function openChannel(settings: Settings): Channel {
  const { email } = settings.config.alerting;
  const correspondents = readCorrespondents(email);
  if (email.smtp === undefined) return openEmlFolder({ folder: join(settings.data, 'mail'), correspondents });
  return openSmtpChannel({
    url: email.smtp,
    correspondents,
    ca: email.ca === undefined ? undefined : readFileSync(email.ca, 'utf8'),
    tls: email.tls,
    timeout: email.timeout,
  });
}

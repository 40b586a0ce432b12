import { access, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { messageOf as explain } from '../../core/process/errors.ts';
import { tryFolder } from '../../core/process/private-files.ts';
import type { OutboxMail } from '../../store/port.ts';
import type { Channel, Delivery, Failure } from './channel.ts';
import { type Correspondents, messageOf } from './message.ts';

/**
 * Writes mails as RFC 5322 files into a folder: what tipline does until a mail server is configured. A file appears whole or not at
 * all, and its name is made of the mail's time and id, so the same mail is one file however often it comes.
 */
export function openEmlFolder({ folder, correspondents }: { folder: string; correspondents: Correspondents }): Channel {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  return {
    description: `folder ${folder}`,
    async deliver(mail: OutboxMail): Promise<Delivery> {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const path = join(folder, fileName(mail));
        if (await exists(path)) return { kind: 'accepted', refusedRecipients: [] };
        const { message } = await composer.sendMail(messageOf(mail, correspondents));
        if (!Buffer.isBuffer(message)) throw new Error('the mail could not be composed');
        await writeWhole(path, message);
        return { kind: 'accepted', refusedRecipients: [] };
      } catch (error) {
        return failureOf(folder, error);
      }
    },
    async verify(): Promise<Failure | undefined> {
      try {
        // the first mail makes it: who only asks makes nothing
        tryFolder(folder);
        return undefined;
      } catch (error) {
        return failureOf(folder, error);
      }
    },
    async close() {
      composer.close();
    },
  };
}

/** `20260115T031502Z-<id>.eml`. */
export function fileName(mail: OutboxMail): string {
  const time = new Date(mail.createdAt).toISOString().replace(/\.\d+|[-:]/g, '');
  return `${time}-${mail.id.replace(/[^A-Za-z0-9-]/g, '_')}.eml`;
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const unfinished = `${path}.part`;
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function failureOf(folder: string, error: unknown): Failure {
  return { kind: 'unreachable', lasting: false, message: `mails cannot be written to ${folder}: ${explain(error)}` };
}

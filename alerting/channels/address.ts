import { TiplineError } from '../../core/process/errors.ts';

export interface MailAddress {
  /** Empty when there is none. */
  name: string;
  address: string;
}

// Parsed here and given to nodemailer as objects: its own parser understands groups, comments and lists, and each of those has
// once sent a mail to somebody else.
const ADDRESS = /^[^\s<>()[\]\\,;:"@\p{Cc}]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/u;
const NAMED = /^"?([^"<>\p{Cc}]{0,100}?)"?\s*<([^<>]+)>$/u;

/** Reads `user@host` or `Name <user@host>`; `key` names the setting in the error. */
export function readAddress(text: string, key: string): MailAddress {
  const named = NAMED.exec(text.trim());
  const address = named?.[2] ?? text.trim();
  if (!ADDRESS.test(address)) {
    throw new TiplineError(
      'BAD_MAIL_ADDRESS',
      `${key}: must be one address such as security@example.org or Name <security@example.org>`,
      {
        retryable: false,
      },
    );
  }
  return { name: named?.[1] ?? '', address };
}

import type { OutboxMail } from '../../store/port.ts';

/** Where mails go. Two channels: `smtp` and, without a mail server, `eml-folder`. */
export interface Channel {
  /** For the log, without credentials: `smtp 192.0.2.25:587`. */
  readonly description: string;
  /**
   * Hands one mail over. Never throws for what a server or a disk does: every answer is a Delivery.
   * The same mail may come again after a crash and keeps its Message-ID.
   */
  deliver(mail: OutboxMail): Promise<Delivery>;
  /** Tries the way without sending anything; undefined = it works. */
  verify(): Promise<Failure | undefined>;
  close(): Promise<void>;
}

export type Delivery = { kind: 'accepted'; refusedRecipients: readonly string[] } | Failure;

/**
 * - unreachable: the way is blocked for every mail: down, a timeout, a certificate, a password, 4xx;
 * - refused: the server will not take this mail (5xx): another one may pass.
 * `lasting` failures need an operator, so they are tried again slowly. The message says what to do.
 */
export interface Failure {
  kind: 'unreachable' | 'refused';
  lasting: boolean;
  message: string;
}

import { createBackoff } from '../core/process/backoff.ts';
import { messageOf, TiplineError } from '../core/process/errors.ts';
import type { WorkerContext } from '../core/process/worker-context.ts';
import type { Outbox } from '../store/port.ts';
import type { MailRounds, RoundResult } from './mail-round.ts';

export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface SenderOptions {
  outbox: Pick<Outbox, 'counts' | 'pending'>;
  rounds: MailRounds;
  context: WorkerContext;
  /** Milliseconds between the first row that waits and its mail, so that what belongs together comes together. */
  firstWait: number;
  /** Milliseconds that a dead process may hold the lease. */
  lease: number;
  /** Are alerts still streaming in? Asked when a mail is due. */
  busy(): Promise<boolean>;
  clock: Clock;
}

export interface Sender {
  /** Rows have come to wait: the first of them starts `firstWait`. */
  wake(): void;
  /** Sends by the timers until `stop`; rejects when the sender died. */
  run(): Promise<void>;
  /** Sends all that waits, now. Rejects with `MAIL_NOT_SENT` when the mail server does not take it; it stays in the outbox. */
  flush(): Promise<void>;
  /** Lets the mail in hand finish. */
  stop(): void;
}

/** Health part: the outbox and the timers. */
const SENDER_PART = 'alerting';

/** While alerts stream in, how long a mail may be held beyond `firstWait`. */
const MOST_HELD = 120_000;
const FLUSH_TRIES = 4;
const VERIFY_EVERY = 60_000;

/**
 * Two timers and no more: `firstWait` from the first row that waits, `quiet` between mails (kept by the rounds, across processes and
 * restarts). What is left from before a crash is sent first, without waiting.
 */
export function createSender({ outbox, rounds, context, firstWait, lease, busy, clock }: SenderOptions): Sender {
  const { health, log } = context;
  const stopping = new AbortController();
  let nudge = new AbortController();
  /** When this process first saw a row wait. */
  let waitingSince: number | undefined;
  /** Until a round has seen what an earlier process left; its lease may have to run out before. */
  let first = true;
  let last: Promise<unknown> = Promise.resolve();
  /** Did the channel work when it was last tried without a mail, and when is it tried again? */
  let works = true;
  let verifyAt = 0;

  /** One round at a time: `flush` may come while the timers are at work. */
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };

  const atMost = (ms: number, least: number, most: number): number => Math.min(Math.max(ms, least), most);
  const poll = atMost(firstWait / 3, 200, 10_000);
  const heldStep = atMost(firstWait, 200, 3000);

  const verify = async (): Promise<void> => {
    works = await rounds.verify();
    verifyAt = clock.now() + VERIFY_EVERY;
  };

  /** Looks what there is to do, does it, and gives the milliseconds until the next look. */
  const look = async (): Promise<number> => {
    const [{ total }, { unsent }] = await Promise.all([outbox.pending(1), outbox.counts()]);
    const now = clock.now();
    if (unsent === 0 && rounds.nothingStands()) await verify();
    if (total === 0) waitingSince = undefined;
    else waitingSince ??= now;

    const dueAt =
      waitingSince === undefined ? Number.POSITIVE_INFINITY : Math.max(waitingSince + firstWait, rounds.quietUntil());
    const held = now >= dueAt && now < dueAt + MOST_HELD && (await busy());
    const compose = now >= dueAt && !held;
    if (first || compose || rounds.brokeOff() || (unsent > 0 && now >= rounds.nextTry())) {
      const result = await rounds.go({ compose: compose ? 'when-quiet' : 'no', force: first });
      if (result !== undefined) first = false;
      if (result?.composed === true) waitingSince = undefined;
    }
    if (held) return heldStep;
    // Due but not composed: the server is away or another process leads, so there is no hurry.
    return compose ? poll : atMost(dueAt - clock.now(), 50, poll);
  };

  return {
    wake() {
      if (waitingSince !== undefined) return;
      waitingSince = clock.now();
      nudge.abort();
    },

    async run() {
      const backoff = createBackoff({ first: 1000, most: 60_000 });
      await verify();
      while (!stopping.signal.aborted) {
        let wait: number;
        try {
          wait = await oneAtATime(() => look());
          backoff.reset();
          health.report(SENDER_PART, 'up');
        } catch (error) {
          if (!(error instanceof TiplineError) || error.retryable !== true) throw error;
          wait = backoff.next();
          health.report(SENDER_PART, 'down', messageOf(error));
          log.warn({ error }, 'the outbox cannot be used; mails wait');
        }
        // With no mail to try, nothing else would notice that the mail server is back.
        if (!works && rounds.nextTry() === 0 && clock.now() >= verifyAt) await verify();
        if (nudge.signal.aborted) nudge = new AbortController();
        await clock.sleep(wait, AbortSignal.any([stopping.signal, nudge.signal]));
      }
    },

    async flush() {
      const backoff = createBackoff({ first: 500, most: 5000 });
      const patience = clock.now() + lease + 5000;
      for (let tries = 0; ; ) {
        const result = await oneAtATime(() => rounds.go({ compose: 'at-once', force: true }));
        if (result?.standing === 0) {
          if ((await outbox.pending(1)).total === 0) return;
          // More than one mail may hold.
          if (result.composed) continue;
        }
        if (result !== undefined) tries += 1;
        if (tries >= FLUSH_TRIES || (result === undefined && clock.now() > patience)) throw notSent(result);
        await clock.sleep(backoff.next(), stopping.signal);
        if (stopping.signal.aborted) throw notSent(result);
      }
    },

    stop() {
      stopping.abort();
    },
  };
}

function notSent(result: RoundResult | undefined): TiplineError {
  const why =
    result === undefined
      ? 'another process holds the lease for sending'
      : (result.problem?.message ?? 'another process has them in hand');
  return new TiplineError('MAIL_NOT_SENT', `alerts wait in the outbox and are sent at the next start: ${why}`, {
    retryable: true,
  });
}

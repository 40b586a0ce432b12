import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Channel, Delivery, Failure } from '../../alerting/channels/channel.ts';
import type { Clock } from '../../alerting/sender.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Cursors, Outbox, OutboxMail, OutboxRow, Versioned } from '../../store/port.ts';

/** A table with compare-and-set; versions count up from 1. */
class Table<T> {
  readonly entries = new Map<string, { value: T; version: number }>();

  get(key: string): Versioned<T> | undefined {
    const found = this.entries.get(key);
    return found === undefined ? undefined : { value: structuredClone(found.value), version: String(found.version) };
  }

  put(key: string, value: T, version: string | null): boolean {
    const found = this.entries.get(key);
    if ((found === undefined ? null : String(found.version)) !== version) return false;
    this.entries.set(key, { value: structuredClone(value), version: (found?.version ?? 0) + 1 });
    return true;
  }

  all(keep: (value: T) => boolean): Versioned<T>[] {
    return [...this.entries.keys()].flatMap((key) => this.get(key) ?? []).filter(({ value }) => keep(value));
  }
}

export interface FakeOutbox extends Outbox {
  rows(): OutboxRow[];
  mails(): OutboxMail[];
  /** Called with the name of each call before it is done; may change the outbox, or throw. */
  before: (call: 'read' | 'save' | 'pending' | 'saveMail') => void;
}

export function fakeOutbox(): FakeOutbox {
  const rows = new Table<OutboxRow>();
  const mails = new Table<OutboxMail>();
  const outbox: FakeOutbox = {
    before: () => {},
    rows: () => rows.all(() => true).map(({ value }) => value),
    mails: () => mails.all(() => true).map(({ value }) => value),
    async read(ids) {
      outbox.before('read');
      const found = ids.flatMap((id) => rows.get(id) ?? []);
      return new Map(found.map((row) => [row.value.id, row]));
    },
    async save(changes) {
      outbox.before('save');
      return changes.map(({ value, version }) => rows.put(value.id, value, version));
    },
    async pending(limit) {
      outbox.before('pending');
      const waiting = rows.all(({ state }) => state === 'pending');
      waiting.sort((a, b) => b.value.alert.threat_score - a.value.alert.threat_score);
      return { rows: waiting.slice(0, limit), total: waiting.length };
    },
    readMail: async (id) => mails.get(id),
    async saveMail({ value, version }) {
      outbox.before('saveMail');
      return mails.put(value.id, value, version);
    },
    unsent: async () => mails.all(({ sentAt }) => sentAt === 0).sort((a, b) => a.value.createdAt - b.value.createdAt),
    counts: async () => ({
      rows: rows.entries.size,
      pending: rows.all(({ state }) => state === 'pending').length,
      mails: mails.entries.size,
      unsent: mails.all(({ sentAt }) => sentAt === 0).length,
    }),
  };
  return outbox;
}

export function fakeCursors(now: () => number): Cursors {
  const values = new Table<unknown>();
  const leases = new Map<string, { owner: string; until: number }>();
  return {
    get: async (key) => values.get(key),
    put: async (key, value, version) =>
      values.put(key, value, version) ? (values.get(key)?.version ?? undefined) : undefined,
    list: async (prefix) =>
      new Map([...values.entries].filter(([key]) => key.startsWith(prefix)).map(([key, { value }]) => [key, value])),
    async lease(key, owner, ms) {
      const held = leases.get(key);
      if (held !== undefined && held.owner !== owner && held.until > now()) return false;
      leases.set(key, { owner, until: now() + ms });
      return true;
    },
    async release(key, owner) {
      if (leases.get(key)?.owner === owner) leases.delete(key);
    },
  };
}

export interface FakeChannel extends Channel {
  /** Mails that were accepted, in order. */
  readonly accepted: OutboxMail[];
  /** All that was tried. */
  readonly tried: string[];
  /** The answer to the next mails. */
  answer: (mail: OutboxMail) => Delivery | Promise<Delivery>;
}

export const ACCEPTED: Delivery = { kind: 'accepted', refusedRecipients: [] };
export const AWAY: Failure = { kind: 'unreachable', lasting: false, message: 'no connection to the test' };
export const REFUSED: Failure = { kind: 'refused', lasting: true, message: 'the test refuses the mail' };

export function fakeChannel(): FakeChannel {
  const channel: FakeChannel = {
    description: 'test',
    accepted: [],
    tried: [],
    answer: () => ACCEPTED,
    async deliver(mail) {
      channel.tried.push(mail.messageId);
      const answer = await channel.answer(mail);
      if (answer.kind === 'accepted') channel.accepted.push(structuredClone(mail));
      return answer;
    },
    verify: async () => undefined,
    close: async () => {},
  };
  return channel;
}

export interface ManualClock extends Clock {
  /** Lets time pass, with everything that is due on the way. */
  advance(ms: number): Promise<void>;
}

export function manualClock(start = Date.parse('2026-05-10T12:00:00Z')): ManualClock {
  let now = start;
  let sleepers: { at: number; wake: () => void }[] = [];
  // What the fakes do takes microtasks alone, so a few turns of the event loop finish it.
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  };
  return {
    now: () => now,
    sleep(ms, signal) {
      if (signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = { at: now + ms, wake: resolve };
      sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        resolve();
      });
      return promise;
    },
    async advance(ms) {
      const target = now + ms;
      await settle();
      for (;;) {
        const due = sleepers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        sleepers = sleepers.filter((other) => other !== due);
        now = Math.max(now, due.at);
        due.wake();
        await settle();
      }
      now = target;
    },
  };
}

export function quietContext(): WorkerContext {
  return { log: silentLog, health: createHealth(), metrics: createMetrics(), seam: noSeam };
}

import { createBackoff, pause } from '../core/process/backoff.ts';
import type { Log } from '../core/process/log.ts';
import type { Cursors } from '../store/port.ts';
import { type FeedState, feedKey, NEW_FEED, parseFeedState } from './feed-state.ts';

export interface KeeperOptions {
  name: string;
  cursors: Cursors;
  log: Log;
  /** How long the first reading waits for the store. */
  loadPatience?: number;
}

/** Writes in quick succession become one. */
const SAVE_EVERY_MS = 200;
const LOAD_PATIENCE_MS = 20_000;

/**
 * Holds one feed's state in memory and writes it behind. Reading a feed never waits for the store: while it is away, ingest runs on with
 * its cursors in memory, and a crash then costs a second reading, nothing else.
 */
export class StateKeeper {
  readonly #key: string;
  readonly #cursors: Cursors;
  readonly #log: Log;
  readonly #loadPatience: number;
  #state: FeedState = NEW_FEED;
  #version: string | null = null;
  #dirty = false;
  #saving: Promise<void> | undefined;
  /** Aborted by flush: the last save must not dawdle. */
  #hurry = new AbortController();
  #giveUp = new AbortController();

  constructor({ name, cursors, log, loadPatience = LOAD_PATIENCE_MS }: KeeperOptions) {
    this.#key = feedKey(name);
    this.#cursors = cursors;
    this.#log = log;
    this.#loadPatience = loadPatience;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Reads what is stored; may be called again after a flush. With the store away for long the feed begins anew: a cursor lost costs repeats, and topics may repeat. */
  async load(signal: AbortSignal): Promise<void> {
    this.#hurry = new AbortController();
    this.#giveUp = new AbortController();
    const patience = AbortSignal.any([signal, AbortSignal.timeout(this.#loadPatience)]);
    const backoff = createBackoff({ first: 200, most: 5000 });
    while (!patience.aborted) {
      try {
        const found = await unlessAborted(this.#cursors.get(this.#key), patience);
        if (found !== undefined) {
          this.#state = parseFeedState(found.value);
          this.#version = found.version;
        }
        return;
      } catch (error) {
        if (!patience.aborted) this.#log.debug({ error }, 'the cursor cannot be read yet');
      }
      await pause(backoff.next(), patience);
    }
    if (!signal.aborted) this.#log.warn({}, 'the store is away; this feed is read from its beginning');
  }

  update(patch: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...patch };
    this.#dirty = true;
    this.#saving ??= this.#saveAll();
  }

  /** Resolves when all is stored, or after `patience` ms. */
  async flush(patience: number): Promise<void> {
    this.#hurry.abort();
    const timer = setTimeout(() => this.#giveUp.abort(), patience);
    await unlessAborted(this.#saving ?? Promise.resolve(), this.#giveUp.signal).catch(() => {});
    clearTimeout(timer);
    if (this.#saving !== undefined) this.#log.warn({}, 'the store is away; what was read since will be read again');
  }

  async #saveAll(): Promise<void> {
    const backoff = createBackoff({ first: 500, most: 30_000 });
    while (this.#dirty && !this.#giveUp.signal.aborted) {
      this.#dirty = false;
      try {
        await this.#save(this.#state);
        backoff.reset();
        if (!this.#dirty) await pause(SAVE_EVERY_MS, this.#hurry.signal);
      } catch (error) {
        this.#dirty = true;
        this.#log.debug({ error }, 'the cursor cannot be stored; it is kept in memory');
        if (this.#hurry.signal.aborted) await pause(100, this.#giveUp.signal);
        else await pause(backoff.next(), this.#hurry.signal);
      }
    }
    this.#saving = undefined;
  }

  async #save(state: FeedState): Promise<void> {
    const version = await this.#cursors.put(this.#key, state, this.#version);
    if (version !== undefined) {
      this.#version = version;
      return;
    }
    // another process reads this feed too, or the store was away when we began: what we read last is as good as theirs
    const found = await this.#cursors.get(this.#key);
    this.#version = found?.version ?? null;
    this.#dirty = true;
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

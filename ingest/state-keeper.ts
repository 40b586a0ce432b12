import { createBackoff } from '../core/process/backoff.ts';
import type { Log } from '../core/process/log.ts';
import { noSeam, type Seam } from '../core/process/seam.ts';
import type { Cursors } from '../store/port.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import { type FeedState, feedKey, NEW_FEED, parseFeedState } from './feed-state.ts';

export interface KeeperOptions {
  name: string;
  cursors: Cursors;
  log: Log;
  /** Names this process in leases. */
  owner: string;
  clock?: Clock;
  /** How long the first reading waits for the store. */
  loadPatience?: number;
  seam?: Seam;
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
  readonly #owner: string;
  readonly #clock: Clock;
  readonly #loadPatience: number;
  readonly #passed: () => void;
  #state: FeedState = NEW_FEED;
  #version: string | null = null;
  /** False: the store was away when we began, so nothing is known of who had the feed. */
  #loaded = false;
  #dirty = false;
  #onOvertaken: (() => void) | undefined;
  #overtaken = false;
  #saving: Promise<void> | undefined;
  /** Aborted by flush: the last save must not dawdle. */
  #hurry = new AbortController();
  #giveUp = new AbortController();

  constructor(options: KeeperOptions) {
    const { name, cursors, log, owner, clock = REAL_CLOCK, loadPatience = LOAD_PATIENCE_MS, seam = noSeam } = options;
    this.#key = feedKey(name);
    this.#cursors = cursors;
    this.#log = log;
    this.#owner = owner;
    this.#clock = clock;
    this.#loadPatience = loadPatience;
    this.#passed = () => void seam('ingest-state-kept', name);
  }

  get state(): FeedState {
    return this.#state;
  }

  /**
   * Reads what is stored; may be called again after a flush. With the store away for long the feed begins anew: a cursor lost costs repeats, and
   * topics may repeat. `onOvertaken` is called when another process has written since: from then on nothing is. Without it
   * several may write, and the last one stands: they listen, each for itself.
   */
  async load(signal: AbortSignal, onOvertaken?: () => void): Promise<void> {
    this.#onOvertaken = onOvertaken;
    this.#overtaken = false;
    this.#loaded = false;
    this.#hurry = new AbortController();
    this.#giveUp = new AbortController();
    const ended = new AbortController();
    const tired = new AbortController();
    const patience = AbortSignal.any([signal, tired.signal]);
    void this.#clock.pause(this.#loadPatience, AbortSignal.any([signal, ended.signal])).then(() => tired.abort());
    try {
      if (await this.#tryToLoad(patience)) return;
    } finally {
      ended.abort();
    }
    if (!signal.aborted) this.#log.warn({}, 'the store is away; this feed is read from its beginning');
  }

  async #tryToLoad(patience: AbortSignal): Promise<boolean> {
    const backoff = createBackoff({ first: 200, most: 5000 });
    while (!patience.aborted) {
      try {
        const found = await unlessAborted(this.#cursors.get(this.#key), patience);
        if (found !== undefined) {
          this.#state = parseFeedState(found.value);
          this.#version = found.version;
        }
        this.#loaded = true;
        return true;
      } catch (error) {
        if (!patience.aborted) this.#log.debug({ error }, 'the cursor cannot be read yet');
      }
      await this.#clock.pause(backoff.next(), patience);
    }
    return false;
  }

  update(patch: Partial<FeedState>): void {
    if (this.#overtaken) return;
    this.#state = { ...this.#state, ...patch, owner: this.#owner };
    this.#dirty = true;
    this.#saving ??= this.#saveAll();
  }

  /** Another process has the feed: what is not stored yet never will be. */
  letGo(): void {
    this.#overtaken = true;
    this.#dirty = false;
    this.#giveUp.abort();
  }

  /** Resolves when all is stored, or after `patience` ms. */
  async flush(patience: number): Promise<void> {
    this.#hurry.abort();
    const timer = setTimeout(() => this.#giveUp.abort(), patience);
    await unlessAborted(this.#saving ?? Promise.resolve(), this.#giveUp.signal).catch(() => {});
    clearTimeout(timer);
    if (this.#saving !== undefined && !this.#overtaken)
      this.#log.warn({}, 'the store is away; what was read since will be read again');
  }

  async #saveAll(): Promise<void> {
    const backoff = createBackoff({ first: 500, most: 30_000 });
    while (this.#dirty && !this.#giveUp.signal.aborted) {
      this.#dirty = false;
      try {
        await this.#save(this.#state);
        backoff.reset();
        if (!this.#dirty) await this.#clock.pause(SAVE_EVERY_MS, this.#hurry.signal);
      } catch (error) {
        this.#dirty = !this.#overtaken;
        this.#log.debug({ error }, 'the cursor cannot be stored; it is kept in memory');
        if (this.#hurry.signal.aborted) await this.#clock.pause(100, this.#giveUp.signal);
        else await this.#clock.pause(backoff.next(), this.#hurry.signal);
      }
    }
    this.#saving = undefined;
  }

  async #save(state: FeedState): Promise<void> {
    const version = await this.#cursors.put(this.#key, state, this.#version);
    if (version !== undefined) {
      this.#version = version;
      this.#passed();
      return;
    }
    const found = await this.#cursors.get(this.#key);
    const { owner } = parseFeedState(found?.value);
    if (this.#onOvertaken !== undefined && this.#loaded && owner !== '' && owner !== this.#owner) {
      this.letGo();
      this.#onOvertaken();
      return;
    }
    // our own write whose answer was lost, an operator's, or the store was away when we began: what we read last is as good
    this.#version = found?.version ?? null;
    this.#dirty = !this.#overtaken;
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

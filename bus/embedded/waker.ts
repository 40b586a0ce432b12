/** How consumers that have read everything learn that there is more. */
export interface Waker {
  /** Take one before reading `topic`, and wait with it when nothing was there. */
  ticket(topic: string): number;
  /**
   * Resolves when there may be something new on `topic` since the ticket was taken, or when `signal` is aborted. Wakes
   * without cause are possible.
   */
  wait(topic: string, ticket: number, signal: AbortSignal): Promise<void>;
  /** Something was published by this process. */
  wake(topic: string): void;
}

/** How soon records of another process are noticed. */
const LOOK_EVERY_MS = 100;

/**
 * Consumers of this process are woken by its own publishes at once. Other processes (`tipline dlq replay`, `unblock`) cannot
 * call us, so while anybody waits one timer looks whether the file has changed. A change between a consumer's last
 * read and its wait is not missed: the version is compared with that of the last look at which all were woken.
 *
 * @param version changes whenever another connection has committed; see Database.dataVersion.
 */
export function createWaker(version: () => number): Waker {
  const waiting = new Map<string, Set<() => void>>();
  const wakes = new Map<string, number>();
  let seen = version();
  let timer: NodeJS.Timeout | undefined;

  function wakeAll(): void {
    for (const topic of [...waiting.keys()]) release(topic);
  }

  function wake(topic: string): void {
    wakes.set(topic, ticket(topic) + 1);
    release(topic);
  }

  function ticket(topic: string): number {
    return wakes.get(topic) ?? 0;
  }

  function release(topic: string): void {
    const wakers = waiting.get(topic);
    waiting.delete(topic);
    for (const go of wakers ?? []) go();
    if (waiting.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  function look(): void {
    const now = currentVersion(version, seen);
    if (now === seen) return;
    seen = now;
    wakeAll();
  }

  return {
    ticket,
    wait(topic, held, signal) {
      return new Promise((resolve) => {
        if (signal.aborted || ticket(topic) !== held) return resolve();
        const wakers = waiting.get(topic) ?? new Set();
        const go = (): void => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = (): void => {
          wakers.delete(go);
          if (wakers.size === 0 && waiting.get(topic) === wakers) release(topic);
          resolve();
        };
        wakers.add(go);
        waiting.set(topic, wakers);
        signal.addEventListener('abort', leave, { once: true });
        timer ??= setInterval(look, LOOK_EVERY_MS);
      });
    },
    wake,
  };
}

/** A look that fails counts as a change: the consumer's own read then meets the error where it is dealt with. */
function currentVersion(version: () => number, seen: number): number {
  try {
    return version();
  } catch {
    return seen + 0.5;
  }
}

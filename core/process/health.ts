/**
 * What every part of a process says of itself. Parts report changes of state, `/readyz` and `tipline status` read them.
 * `down` is never final: an outage ends by itself.
 */
export type PartState = 'starting' | 'up' | 'down';

export interface PartHealth {
  state: PartState;
  /** Why it is not up, in words for an operator. */
  detail: string;
  /** Epoch ms of the last change of state. */
  since: number;
}

export interface Health {
  report(part: string, state: PartState, detail?: string): void;
  snapshot(): ReadonlyMap<string, PartHealth>;
  /** True when every part that reported is up. */
  ready(): boolean;
}

export function createHealth(onChange: (part: string, health: PartHealth) => void = () => {}): Health {
  const parts = new Map<string, PartHealth>();
  return {
    report(part, state, detail = '') {
      const before = parts.get(part);
      const since = before?.state === state ? before.since : Date.now();
      const health = { state, detail, since };
      parts.set(part, health);
      if (before?.state !== state) onChange(part, health);
    },
    snapshot: () => parts,
    ready: () => [...parts.values()].every((part) => part.state === 'up'),
  };
}

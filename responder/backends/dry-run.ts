import type { Backend } from './backend.ts';

/** Does nothing: the responder then records what it would have blocked. */
export function createDryRun(): Backend {
  return {
    description: 'dry-run',
    enforces: false,
    maxCidrs: Number.POSITIVE_INFINITY,
    maxChanges: 1000,
    ensure: async () => false,
    apply: async (changes) => changes.map(() => ({ ok: true })),
    list: async () => [],
    probe: async () => ({ state: 'intact', dropped: new Map() }),
    teardown: async () => {},
  };
}

/** What one process can do; `tipline run` does all, or those named. */
export const ROLES = ['ingest', 'enrich', 'alerting', 'responder', 'audit'] as const;

export type Role = (typeof ROLES)[number];

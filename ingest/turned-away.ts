import type { Crowded } from '../core/process/door.ts';

/**
 * Why a client of a feed that listens was let go of: for want of places or descriptors; it speaks HTTP, TLS where none is, or something
 * that is no text; it did not show the token; or it did not bring its records to an end in time. A closed set: a metric's label.
 */
export const TURNED_AWAY = ['full', 'idle', 'descriptors', 'http', 'tls', 'binary', 'token', 'slow'] as const;
export type TurnedAway = (typeof TURNED_AWAY)[number] | Crowded;

/** What the log says when it happens for the first time. */
export const TURNED_AWAY_WORDS: Readonly<Record<TurnedAway, string>> = {
  full: 'all places are taken; more clients are turned away',
  idle: 'all places were taken; clients that name no indicator make room for others',
  descriptors: 'file descriptors run short; clients are turned away until there are more (LimitNOFILE, ulimit -n)',
  http: 'a client speaks HTTP here and was cut off; nothing of it was read',
  tls: 'a client speaks TLS where none is spoken and was cut off; "tls" of the feed names certificates',
  binary: 'a client sends something that is no text and was cut off',
  token: 'a client did not show the token and was cut off',
  slow: 'a client sent no whole record in time and was cut off',
};

export function noneTurnedAway(): Record<TurnedAway, number> {
  return { full: 0, idle: 0, descriptors: 0, http: 0, tls: 0, binary: 0, token: 0, slow: 0 };
}

/** `; turned away: 3 http, 1 token`, or nothing. */
export function turnedAwayText(counts: Readonly<Record<TurnedAway, number>>): string {
  const parts = TURNED_AWAY.filter((reason) => counts[reason] > 0).map((reason) => `${counts[reason]} ${reason}`);
  return parts.length === 0 ? '' : `; turned away: ${parts.join(', ')}`;
}

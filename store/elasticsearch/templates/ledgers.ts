import { boolean, date, type Fields, integer, keyword, long, opaque } from './fields.ts';

/**
 * The outbox holds rows and mails. What is asked for stands beside `body`, which is the row or mail itself and is never
 * searched.
 */
export const OUTBOX_FIELDS: Fields = {
  /** row | mail */
  kind: keyword(),
  key: keyword(),
  body: opaque,
  state: keyword(),
  score: integer,
  sent: boolean,
  created_at: date,
};

/** Cursors and leases: `value` is whatever its owner keeps. */
export const CURSOR_FIELDS: Fields = {
  /** cursor | lease */
  kind: keyword(),
  key: keyword(),
  value: opaque,
  owner: keyword(),
  until: long,
};

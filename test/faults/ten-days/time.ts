export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** When the ten days begin: in the past, so that a date in Retry-After says nothing to whoever goes by the machine's own time. */
export const START = Date.UTC(2026, 10, 1);

/** Waits end at multiples of it: leases are renewed so often, and days pass in fewer steps. */
export const GRAIN = 15 * SECOND;

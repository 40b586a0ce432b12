import type { Reply, Seen } from '../faults.ts';
import { BEGAN, type Source, type SourceOptions, type Told } from '../stand.ts';

/** Entries of one edition, and when it came out. */
export interface Issue {
  readonly edition: number;
  /** Epoch ms. */
  readonly at: number;
  readonly told: readonly Told[];
}

/** What a journal answers; `page` counts the answers that it calls a page, over all polls. */
export type Answering = (seen: Seen, issues: readonly Issue[], page: () => number) => Reply;

const MINUTE = 60_000;

/** A source that keeps what it said before. Without a clock its editions are a minute apart. */
export function journalSource(
  told: (edition: number) => readonly Told[],
  { now, fault = 'none' }: SourceOptions,
  answering: Answering,
): Source {
  const issues: Issue[] = [];
  let pages = 0;
  let struck = 0;
  function publish(): void {
    const edition = issues.length + 1;
    const began = issues[0]?.at ?? now?.() ?? BEGAN;
    const at = fault === 'same-timestamp' ? began : (now?.() ?? BEGAN + issues.length * MINUTE);
    if (fault === 'same-timestamp') struck += 1;
    issues.push({ edition, at, told: told(edition) });
  }
  publish();
  return {
    answer: (seen) =>
      answering(seen, issues, () => {
        pages += 1;
        return pages;
      }),
    publish,
    get struck() {
      return struck;
    },
  };
}

export function json(document: unknown, page?: number): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(document),
    ...(page === undefined ? {} : { page }),
  };
}

export function plain(body: string, page?: number): Reply {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body, ...(page === undefined ? {} : { page }) };
}

export function refusal(status: number, document: unknown = { message: 'no' }): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}

/** As abuse.ch writes times. */
export function spaced(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** A file that is asked for on a condition, and says when it is as it was. */
export function onCondition({ headers }: Seen, issues: readonly Issue[], whole: () => Reply): Reply {
  const etag = `"edition-${issues.length}"`;
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
  const reply = whole();
  reply.headers.etag = etag;
  return reply;
}

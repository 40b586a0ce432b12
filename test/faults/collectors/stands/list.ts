import type { Reply } from '../faults.ts';
import { feedName, type Source, type Stand, type Told, UNMET_BY_LISTS } from '../stand.ts';
import { onList } from '../values.ts';

interface ListParts {
  name: string;
  /** Beside `name`; `url` is that of the list. */
  section(url: string): Readonly<Record<string, unknown>>;
  /** Default `/list`. */
  path?: string;
  secrets?: readonly string[];
  make: (number: number) => Told;
  body(told: readonly Told[], edition: number): string | Buffer;
  contentType?: string;
  /** False: each answer is a whole one, without ETag and Last-Modified. */
  conditional?: boolean;
  quiet?: boolean;
  unmet?: Stand['unmet'];
}

/** A source that gives all it has with each answer, and says when it has nothing new. */
export function listStand(parts: ListParts): Stand {
  const { name, path = '/list', secrets = [], make, contentType = 'text/plain', conditional = true } = parts;
  const told = (edition: number): Told[] => onList(edition, make);

  function open(): Source {
    let edition = 1;
    let pages = 0;
    return {
      answer({ headers }): Reply {
        const etag = `"edition-${edition}"`;
        if (conditional && headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
        pages += 1;
        const changed = new Date(Date.UTC(2026, 0, 1, edition)).toUTCString();
        return {
          status: 200,
          headers: { 'content-type': contentType, ...(conditional ? { etag, 'last-modified': changed } : {}) },
          body: parts.body(told(edition), edition),
          page: pages,
        };
      },
      publish() {
        edition += 1;
      },
      struck: 0,
    };
  }

  return {
    name,
    section: (url) => ({ name: feedName(name), ...parts.section(`${url}${path}`) }),
    secrets,
    open,
    told,
    kind: 'list',
    quiet: parts.quiet ?? true,
    unmet: { ...UNMET_BY_LISTS, ...parts.unmet },
  };
}

/** A line each. */
export function linesOf(told: readonly Told[], line: (value: string, index: number) => string): string {
  return told.map(({ value }, index) => `${line(value, index)}\n`).join('');
}

import type { FeedRecord, Page } from '../feed.ts';
import { PAGE_RECORDS } from '../pages.ts';
import type { Tracked } from './tracked.ts';

/** A page that several files fill: thousands of files with one record each must not be thousands of sends. */
export class SharedPage {
  readonly #files: Record<string, Tracked>;
  #records: FeedRecord[] = [];
  #moved = false;

  /** `files` is where each of them stands, and is kept up to date. */
  constructor(files: Record<string, Tracked>) {
    this.#files = files;
  }

  add(records: readonly FeedRecord[]): void {
    for (const record of records) this.#records.push(record);
  }

  /** Where reading of a file stands with what was added; undefined when it is to begin anew. */
  moveTo(path: string, tracked: Tracked | undefined): void {
    this.#moved = true;
    if (tracked === undefined) delete this.#files[path];
    else this.#files[path] = tracked;
  }

  get full(): boolean {
    return this.#records.length >= PAGE_RECORDS;
  }

  get begun(): boolean {
    return this.#moved || this.#records.length > 0;
  }

  /** The page, with a cursor that does not change any more; what is added from now on belongs to the next. */
  take(): Page {
    const page = { records: this.#records, cursor: { files: { ...this.#files } } };
    this.#records = [];
    this.#moved = false;
    return page;
  }
}

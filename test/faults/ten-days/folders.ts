import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indicatorId } from '../../../core/indicator/id.ts';
import { addressesOf, type StixObject, stixIndicators } from '../collectors/taxii2-server.ts';
import { domain, hash } from '../collectors/values.ts';

const A_TIME = 3;

/** Feeds of files, into which somebody writes again and again. */
export interface Folders {
  readonly sections: readonly Readonly<Record<string, unknown>>[];
  /** Writes something new for each of them. */
  write(): void;
  /** Ids of all that was written for a feed. */
  written(feed: string): ReadonlySet<string>;
  remove(): void;
}

export function openFolders(): Folders {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-ten-days-'));
  const drop = join(folder, 'drop');
  mkdirSync(drop);
  const every = { look_every: '3h' };
  const written = new Map<string, Set<string>>([
    ['file', new Set()],
    ['stix-file', new Set()],
    ['directory', new Set()],
  ]);
  const objects: StixObject[] = [];
  let times = 0;

  function note(feed: string, ids: readonly string[]): void {
    for (const id of ids) written.get(feed)?.add(id);
  }

  /** As a careful program does it: written beside, and renamed. */
  function put(name: string, text: string): void {
    const beside = join(folder, 'unfinished');
    writeFileSync(beside, text);
    renameSync(beside, join(folder, name));
  }

  return {
    sections: [
      { name: 'file', type: 'file', path: join(folder, '*.jsonl'), ...every },
      { name: 'stix-file', type: 'stix-file', path: join(folder, 'bundle.json'), ...every },
      { name: 'directory', type: 'directory', path: drop, ...every },
    ],
    write() {
      const first = times * A_TIME;
      const numbers = Array.from({ length: A_TIME }, (_, index) => first + index);
      times += 1;

      const domains = numbers.map(domain);
      appendFileSync(
        join(folder, 'records.jsonl'),
        domains.map(({ value }) => `${JSON.stringify({ indicator: value })}\n`).join(''),
      );
      note('file', domains.map(indicatorId));

      objects.push(...stixIndicators(A_TIME, first));
      put('bundle.json', JSON.stringify({ type: 'bundle', id: 'bundle--1', objects }));
      note(
        'stix-file',
        addressesOf(objects).map((value) => indicatorId({ type: 'ip', value })),
      );

      const hashes = numbers.map((number) => hash('sha256', number));
      put(`drop/${times}.txt`, hashes.map(({ value }) => `${value}\n`).join(''));
      note('directory', hashes.map(indicatorId));
    },
    written: (feed) => written.get(feed) ?? new Set(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

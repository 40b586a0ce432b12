import { appendFileSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stixIndicator } from './stix.ts';
import { address, createTeller, type Style } from './style.ts';

/** Two files of JSON lines that are appended to, cut anywhere in a line. */
export function linesStyle(folder: string): Style {
  const spool = join(folder, 'spool');
  mkdirSync(spool);
  const { told, more } = createTeller((number) => address(10, number));
  const lineOf = (indicator: string): string =>
    `${JSON.stringify({ indicator, confidence: 50, tags: ['seen'], description: `${indicator}, ${'seen again '.repeat(30)}` })}\n`;
  let rest = '';
  let pieces = 0;
  const append = (text: string): void => {
    appendFileSync(join(spool, 'first.jsonl'), text);
    pieces += 1;
  };
  return {
    called: 'file: offset in each file',
    feed: { name: 'lines', type: 'file', path: join(spool, '*.jsonl'), look_every: '100ms' },
    told,
    grow() {
      // what was cut off comes with the next piece
      const text = rest + more(1600).map(lineOf).join('');
      const cut = text.length - 40;
      append(text.slice(0, cut));
      rest = text.slice(cut);
      appendFileSync(join(spool, 'second.jsonl'), more(20).map(lineOf).join(''));
    },
    finish() {
      append(rest);
      rest = '';
    },
    pages: () => pieces,
    deliveries: 2,
    keptBehind: 1,
    exact: true,
    place(cursor) {
      const { files } = cursor as { files: Record<string, { offset: number; line: number }> };
      return Object.fromEntries(Object.entries(files).map(([path, { offset, line }]) => [path, { offset, line }]));
    },
  };
}

/** Bundles of STIX 2: new ones, and one that is written anew with more in it. */
export function documentsStyle(folder: string): Style {
  const shelf = join(folder, 'shelf');
  mkdirSync(shelf);
  const { told, more } = createTeller((number) => address(11, number));
  const growing: string[] = [];
  let bundles = 0;
  const put = (name: string, values: readonly string[]): void => {
    const document = { type: 'bundle', id: `bundle--${name}`, objects: values.map(stixIndicator) };
    // whole at once, as whoever writes such files should do
    writeFileSync(join(shelf, `${name}.new`), JSON.stringify(document));
    renameSync(join(shelf, `${name}.new`), join(shelf, `${name}.json`));
    bundles += 1;
  };
  return {
    called: 'stix-file: changed documents',
    feed: { name: 'documents', type: 'stix-file', path: join(shelf, '*.json'), look_every: '100ms' },
    told,
    grow() {
      put(`bundle-${String(bundles).padStart(4, '0')}`, more(1020));
      growing.push(...more(20));
      put('growing', growing);
    },
    pages: () => bundles,
    deliveries: 2,
    // of the new bundle
    keptBehind: 2,
    exact: true,
    place: (cursor) =>
      Object.entries((cursor as { files: Record<string, { size: number }> }).files).map(([path, { size }]) => [
        path,
        size,
      ]),
  };
}

export interface DropStyle extends Style {
  readonly folder: string;
  /** Names of all files that were put there. */
  readonly dropped: readonly string[];
}

/** Lists that are renamed into a folder and moved out of it. */
export function dropStyle(folder: string): DropStyle {
  const path = join(folder, 'drop');
  mkdirSync(path);
  const { told, more } = createTeller((number) => address(12, number));
  const dropped: string[] = [];
  const put = (values: readonly string[]): void => {
    const name = `list-${String(dropped.length).padStart(4, '0')}.txt`;
    const made = join(folder, name);
    writeFileSync(made, `${values.join('\n')}\n`);
    // quiet for longer than it has to be
    utimesSync(made, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    dropped.push(name);
    renameSync(made, join(path, name));
  };
  return {
    called: 'directory: read files are moved',
    folder: path,
    dropped,
    feed: { name: 'drop', type: 'directory', path, look_every: '100ms', settle: '5s' },
    told,
    grow() {
      for (const size of [600, 600, 300]) put(more(size));
    },
    pages: () => dropped.length,
    deliveries: 2,
    // the first file is moved when the second is half read
    keptBehind: 1,
    exact: true,
    place: () => null,
  };
}

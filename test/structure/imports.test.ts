import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';

/** The rooms of the house and what each may import; see docs/architecture.md. */
const MAY_IMPORT: Readonly<Record<string, readonly RegExp[]>> = {
  core: [],
  bus: [/^core\//],
  store: [/^core\//, /^bus\/port\.ts$/],
  ingest: [/^core\//, /^(bus|store)\/port\.ts$/],
  enrich: [/^core\//, /^(bus|store)\/port\.ts$/],
  alerting: [/^core\//, /^(bus|store)\/port\.ts$/],
  responder: [/^core\//, /^(bus|store)\/port\.ts$/],
  audit: [/^core\//, /^(bus|store)\/port\.ts$/],
  cli: [/./],
};

/** Client libraries that each room may use, beside Node's own modules. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: ['zod', 'pino', 'prom-client', 'yaml'],
  bus: ['kafkajs', '@platformatic/kafka'],
  store: ['@elastic/elasticsearch', '@elastic/transport'],
  ingest: ['undici', 'zod', 'saxes', 're2js', 'tldts'],
  enrich: ['maxmind', 're2js', 'tldts', 'zod'],
  alerting: ['nodemailer'],
  responder: [],
  audit: [],
  cli: ['commander'],
};

const ROOMS = Object.keys(MAY_IMPORT);
const files = ROOMS.flatMap((room) => globSync(`${room}/**/*.ts`)).map((file) => file.replaceAll('\\', '/'));

interface Import {
  file: string;
  target: string;
}

/** Static and dynamic imports of a file, types too: a room that needs another's types needs the room. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const local: Import[] = [];
const foreign: Import[] = [];
for (const file of files) {
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.')) local.push({ file, target: normalize(join(dirname(file), specifier)) });
    else foreign.push({ file, target: specifier });
  }
}

const roomOf = (file: string): string => file.slice(0, file.indexOf('/'));

describe('imports', () => {
  it('finds the rooms', () => {
    for (const room of ROOMS)
      assert.ok(
        files.some((file) => roomOf(file) === room),
        `${room} has no files`,
      );
    assert.ok(local.length > 100);
  });

  it('stay within what a room may see', () => {
    const wrong = local.filter(({ file, target }) => {
      const room = roomOf(file);
      return roomOf(target) !== room && !(MAY_IMPORT[room] ?? []).some((allowed) => allowed.test(target));
    });
    assert.deepEqual(wrong, []);
  });

  it('keep the two adapters of a port apart', () => {
    const wrong = local.filter(({ file, target }) => {
      const here = /^(bus|store)\/(kafka|elasticsearch|embedded)\//.exec(file)?.[0];
      const there = /^(bus|store)\/(kafka|elasticsearch|embedded)\//.exec(target)?.[0];
      return here !== undefined && there !== undefined && here !== there;
    });
    assert.deepEqual(wrong, []);
  });

  it('name client libraries only in the rooms that own them', () => {
    const wrong = foreign.filter(({ file, target }) => {
      if (target.startsWith('node:')) return false;
      const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '');
      return !(PACKAGES[roomOf(file)] ?? []).includes(name);
    });
    assert.deepEqual(wrong, []);
  });

  it('allow libraries in core only where the process lives', () => {
    const wrong = foreign.filter(
      ({ file, target }) => roomOf(file) === 'core' && !target.startsWith('node:') && !file.startsWith('core/process/'),
    );
    assert.deepEqual(wrong, []);
  });

  it('make no circles', () => {
    const edges = Map.groupBy(local, ({ file }) => file);
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      assert.notEqual(state.get(file), 'open', `circle: ${[...path, file].join(' -> ')}`);
      state.set(file, 'open');
      for (const { target } of edges.get(file) ?? []) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
  });

  it('read the environment in the composition root alone', () => {
    const wrong = files.filter((file) => roomOf(file) !== 'cli' && /process\.env\b/.test(readFileSync(file, 'utf8')));
    assert.deepEqual(wrong, []);
  });
});

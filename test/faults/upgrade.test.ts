import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import type { BlockRow } from '../../responder/ledger/block-row.ts';
import { openWeb, text } from '../ingest/web.ts';
import { freshName, givenElasticsearch, givenKafka } from '../services/given.ts';

/** The last tipline whose records name no feed, whose claims have none, and whose states have no life. */
const BEFORE = '8a75aab3eb73a0d6b9661af92813847295505831';

const root = resolve(import.meta.dirname, '../..');

/** Its code, from a tarball that git makes; the packages that it needs are among ours. */
function unpack(folder: string): string {
  const old = join(folder, 'before');
  mkdirSync(old);
  try {
    const tarball = join(folder, 'before.tar.gz');
    execFileSync('git', ['archive', '--format=tar.gz', '-o', tarball, BEFORE], { cwd: root, stdio: 'pipe' });
    execFileSync('tar', ['-xzf', tarball, '-C', old], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error(`git has no commit ${BEFORE} here: fetch the whole history (git fetch --unshallow)`, { cause });
  }
  symlinkSync(join(root, 'node_modules'), join(old, 'node_modules'));
  return old;
}

interface Installation {
  readonly folder: string;
  readonly configuration: Record<string, unknown>;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const said = (indicator: string, more: Record<string, unknown> = {}): string =>
  `${JSON.stringify({ indicator, source: 'vetted', confidence: 95, severity: 90, tags: ['malicious'], ...more })}\n`;

const BLOCKED = '45.155.204.1';
const TAKEN_BACK = '45.155.204.2';
const TAKEN_BACK_LATER = '45.155.204.3';
const ON_ITS_WAY = '45.155.204.4';
const NOT_YET_ACTED_ON = '45.155.204.5';
const NEW = '45.155.204.6';
const LISTED = ['45.155.205.1', '45.155.205.2', '45.155.205.3'];

async function upgrade(t: TestContext, { folder, configuration }: Installation, old: string): Promise<void> {
  const web = await openWeb(t, text(`${LISTED.join('\n')}\n`));
  const statements = join(folder, 'vetted.jsonl');
  const config = join(folder, 'tipline.yaml');
  const vetted = { name: 'vetted', type: 'file', path: statements };
  const listed = {
    name: 'listed',
    type: 'http-list',
    url: web.url,
    format: 'lines',
    confidence: 95,
    severity: 90,
    tags: ['malicious'],
    revoke_on_absence: true,
    checks: false,
  };
  writeFileSync(
    config,
    stringify({
      http: { listen: 'off' },
      responder: { name: 'fw1' },
      log: 'warn',
      ...configuration,
      feeds: [vetted, listed],
    }),
  );

  const run = (code: string, ...args: string[]): Promise<Ran> => {
    const child = spawn(process.execPath, [join(code, 'cli/main.ts'), ...args, '--config', config], { cwd: folder });
    const ran = { stdout: '', stderr: '' };
    child.stdout.on('data', (piece: Buffer) => {
      ran.stdout += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      ran.stderr += piece.toString();
    });
    return new Promise((done) => child.once('close', (status) => done({ code: status, ...ran })));
  };
  const ran = async (code: string, ...args: string[]): Promise<string> => {
    const { code: status, stdout, stderr } = await run(code, ...args);
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };
  const json = async <T>(...args: string[]): Promise<T[]> =>
    (await ran(root, ...args, '--json'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  const document = async (value: string): Promise<EnrichedDocument> => {
    const [explained] = await json<{ document: EnrichedDocument }>('explain', value);
    assert.ok(explained);
    return explained.document;
  };
  const states = async (): Promise<Record<string, string>> => {
    const rows = await json<BlockRow>('blocks', '--all');
    return Object.fromEntries(rows.map(({ value, state }) => [value, state]));
  };
  const mails = (): string => {
    const mailed = join(folder, 'data/mail');
    return readdirSync(mailed)
      .map((file) => readFileSync(join(mailed, file), 'utf8'))
      .join('\n');
  };
  const timesMailed = (value: string): number => {
    const shown = value.replaceAll('.', '[.]');
    return mails()
      .split(/^\s+\d+\. \[\d+\] /m)
      .filter((entry) => entry.startsWith(`${shown}\n`) || entry.startsWith(`${shown}\r`)).length;
  };

  // the old one: everything once, then what enrichment, and then what nobody has read yet
  writeFileSync(
    statements,
    said(BLOCKED) + said(TAKEN_BACK) + said(TAKEN_BACK_LATER) + said('not an indicator at all'),
  );
  await ran(old, 'setup');
  await ran(old, 'run', '--once');
  appendFileSync(statements, said(NOT_YET_ACTED_ON));
  await ran(old, 'run', 'ingest', 'enrich', '--once');
  appendFileSync(statements, said(ON_ITS_WAY) + said(TAKEN_BACK, { revoked: true }));
  await ran(old, 'run', 'ingest', '--once');
  const before = JSON.parse(await ran(old, 'status', '--json')) as { documents: { history: number; current: number } };

  // the new one goes on with what it finds
  await ran(root, 'setup');
  await ran(root, 'run', '--once');
  assert.deepEqual(await states(), {
    [BLOCKED]: 'planned',
    [TAKEN_BACK]: 'released',
    [TAKEN_BACK_LATER]: 'planned',
    [NOT_YET_ACTED_ON]: 'planned',
    [ON_ITS_WAY]: 'planned',
    ...Object.fromEntries(LISTED.map((value) => [value, 'planned'])),
  });
  for (const value of [BLOCKED, NOT_YET_ACTED_ON, ON_ITS_WAY, ...LISTED]) assert.equal(timesMailed(value), 1, value);
  const letters = await json<{ payload: string }>('dlq', 'list');
  assert.equal(letters.length, 1);
  const after = JSON.parse(await ran(root, 'status', '--json')) as { documents: { history: number; current: number } };
  assert.deepEqual(
    [after.documents.current - before.documents.current, after.documents.history - before.documents.history],
    [1, 2],
    'one indicator and two statements were on their way',
  );

  // what the old one remembered belongs to the feeds that said it
  appendFileSync(statements, said(TAKEN_BACK_LATER, { revoked: true }) + said(NEW));
  web.answer = text(`${LISTED.slice(1).join('\n')}\n`);
  await ran(root, 'run', '--once');
  const taken = await document(TAKEN_BACK_LATER);
  assert.equal(taken.tipline.status, 'revoked');
  assert.deepEqual(
    taken.tipline.claims.map(({ feed, revoked }) => [feed, revoked]),
    [['vetted', true]],
  );
  const gone = await document(LISTED[0] ?? '');
  assert.equal(gone.tipline.status, 'revoked', JSON.stringify(gone.tipline));
  assert.deepEqual(await states(), {
    [BLOCKED]: 'planned',
    [TAKEN_BACK]: 'released',
    [TAKEN_BACK_LATER]: 'released',
    [NOT_YET_ACTED_ON]: 'planned',
    [ON_ITS_WAY]: 'planned',
    [NEW]: 'planned',
    ...Object.fromEntries(LISTED.map((value, index) => [value, index === 0 ? 'released' : 'planned'])),
  });
  for (const value of [BLOCKED, NOT_YET_ACTED_ON, ON_ITS_WAY, NEW, ...LISTED])
    assert.equal(timesMailed(value), 1, value);
}

describe('an upgrade', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-upgrade-'));
  let old: string;
  before(() => {
    old = unpack(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const install = (name: string, configuration: Record<string, unknown>): Installation => {
    const path = join(folder, name);
    mkdirSync(path);
    return { folder: path, configuration };
  };

  it('goes on with a data folder of before', (t) => upgrade(t, install('embedded', {}), old));

  it('goes on with topics and indices of before', async (t) => {
    const prefix = `${freshName('upgrade')}-`;
    const elasticsearch = await givenElasticsearch();
    t.after(() => fetch(`${elasticsearch}/${prefix}*?expand_wildcards=all`, { method: 'DELETE' }));
    const configuration = {
      bus: { kind: 'kafka', brokers: [...(await givenKafka())], prefix },
      store: { kind: 'elasticsearch', nodes: [elasticsearch], prefix, replicas: 0, refresh_interval: '500ms' },
    };
    await upgrade(t, install('servers', configuration), old);
  });
});

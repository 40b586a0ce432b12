import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Database, openDatabase } from '../../../core/process/sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-sqlite-'));
after(() => rm(folder, { recursive: true }));

const MIGRATIONS = ['CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT'];

function open(file: string, migrations: readonly string[] = MIGRATIONS, area = 'things'): Database {
  return openDatabase({ path: join(folder, file), area, migrations });
}

function names(db: Database): unknown[] {
  return db.read(() => db.prepare('SELECT name FROM things ORDER BY id').all()).map((row) => row.name);
}

describe('openDatabase', () => {
  it('creates folders, file and tables, and is durable', () => {
    const db = open('deep/er/new.db');
    assert.deepEqual(db.created, ['things']);
    assert.equal(db.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
    assert.equal(db.prepare('PRAGMA synchronous').get()?.synchronous, 2);
    db.close();
    const again = open('deep/er/new.db');
    assert.deepEqual(again.created, []);
    again.close();
  });

  it('brings an older file up to date, each area by itself', () => {
    const first = open('older.db');
    first.write(() => first.prepare("INSERT INTO things VALUES (1, 'kept')").run());
    first.close();
    const other = open('older.db', ['CREATE TABLE others (id INTEGER PRIMARY KEY) STRICT'], 'others');
    assert.deepEqual(other.created, ['others']);
    other.close();
    const later = open('older.db', [...MIGRATIONS, "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"]);
    assert.deepEqual({ ...later.prepare('SELECT * FROM things').get() }, { id: 1, name: 'kept', colour: 'red' });
    later.close();
    assert.throws(() => open('older.db'), { code: 'DATABASE_TOO_NEW', retryable: false });
  });

  it('undoes a write that throws, and goes on', () => {
    const db = open('undone.db');
    const insert = db.prepare('INSERT INTO things (name) VALUES (?)');
    assert.throws(
      () =>
        db.write(() => {
          insert.run('half');
          throw new Error('no');
        }),
      { message: 'no' },
    );
    db.write(() => insert.run('whole'));
    assert.deepEqual(names(db), ['whole']);
    db.close();
  });

  it('sees what another connection wrote, and that it did', () => {
    const [one, two] = [open('shared.db'), open('shared.db')];
    const before = one.dataVersion();
    assert.equal(one.dataVersion(), before);
    two.write(() => two.prepare("INSERT INTO things (name) VALUES ('a')").run());
    assert.notEqual(one.dataVersion(), before);
    assert.deepEqual(names(one), ['a']);
    one.close();
    two.close();
  });

  it('can be opened for the first time by several processes at once', async () => {
    const path = join(folder, 'race.db');
    const script = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, '../../../core/process/sqlite.ts'))};
      openDatabase({ path: ${JSON.stringify(path)}, area: 'things', migrations: ${JSON.stringify(MIGRATIONS)} }).close();`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    assert.deepEqual(codes, [0, 0, 0, 0]);
  });

  describe('errors', () => {
    it('a full disk passes by itself', () => {
      const db = open('full.db');
      const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
      db.prepare(`PRAGMA max_page_count = ${pages}`).get();
      const insert = db.prepare('INSERT INTO things (name) VALUES (?)');
      const fill = (): unknown => db.write(() => insert.run('x'.repeat(100_000)));
      assert.throws(fill, { code: 'DATABASE_FULL', retryable: true });
      db.prepare('PRAGMA max_page_count = 100000').get();
      fill();
      assert.equal(names(db).length, 1);
      db.close();
    });

    it('a file that is no database says so', () => {
      writeFileSync(join(folder, 'text.db'), 'this is a text file, and rather a long one\n'.repeat(100));
      assert.throws(() => open('text.db'), { code: 'DATABASE_DAMAGED', retryable: false });
    });

    it('a folder that cannot be made, and a path that is a folder, say so', () => {
      writeFileSync(join(folder, 'file'), '');
      assert.throws(() => open('file/below.db'), { code: 'DATABASE_CANNOT_OPEN', retryable: false });
      mkdirSync(join(folder, 'a-folder'));
      assert.throws(() => openDatabase({ path: join(folder, 'a-folder'), area: 'things', migrations: MIGRATIONS }), {
        code: 'DATABASE_CANNOT_OPEN',
      });
    });

    it("a mistake in SQL is nobody's to retry", () => {
      const db = open('mistake.db');
      assert.throws(() => db.prepare('SELEC'), { code: 'DATABASE_FAILED', retryable: undefined });
      db.close();
    });
  });
});

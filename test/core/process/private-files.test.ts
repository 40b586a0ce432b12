import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { holdDataFolder } from '../../../core/process/data-folder.ts';
import { closeToOthers, privateFolder } from '../../../core/process/private-files.ts';
import { openDatabase } from '../../../core/process/sqlite.ts';
import { openFolder } from '../../e2e/folder.ts';

const place = mkdtempSync(join(tmpdir(), 'tipline-private-'));
after(() => rmSync(place, { recursive: true }));
const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

describe('what tipline keeps on disk', () => {
  it('is in folders and files for its user alone, whatever was there before', () => {
    const folder = join(place, 'old');
    mkdirSync(join(folder, 'mail'), { recursive: true });
    chmodSync(folder, 0o755);
    for (const name of ['tipline.db', 'mail/a.eml']) {
      writeFileSync(join(folder, name), '');
      chmodSync(join(folder, name), 0o664);
    }
    const outside = join(place, 'outside');
    writeFileSync(outside, '');
    chmodSync(outside, 0o644);
    symlinkSync(outside, join(folder, 'link'));
    privateFolder(folder);
    closeToOthers(folder);
    assert.deepEqual(
      ['', 'mail', 'tipline.db', 'mail/a.eml'].map((name) => modeOf(join(folder, name))),
      ['700', '700', '600', '600'],
    );
    assert.equal(modeOf(outside), '644');
  });

  it('databases, their logs and locks are made so', () => {
    const folder = join(place, 'new', 'data');
    const release = holdDataFolder(folder);
    const database = openDatabase({
      path: join(folder, 'a.db'),
      area: 'test',
      migrations: ['CREATE TABLE t (a INTEGER)'],
    });
    const made = readdirSync(folder).sort();
    assert.ok(made.includes('a.db-wal') && made.includes('tipline.lock'), made.join(' '));
    assert.deepEqual(
      made.map((name) => modeOf(join(folder, name))),
      made.map(() => '600'),
    );
    assert.equal(modeOf(folder), '700');
    database.close();
    release();
  });

  it('a folder that others may write to is refused, with what to do', () => {
    for (const mode of [0o777, 0o1777, 0o770, 0o722]) {
      const folder = join(place, `open-${mode.toString(8)}`);
      mkdirSync(folder);
      chmodSync(folder, mode);
      const refusal = {
        code: 'DATA_FOLDER_OPEN',
        message: new RegExp(`others may write to the folder ${folder}: .*chmod 700`),
      };
      assert.throws(() => holdDataFolder(folder), refusal);
      assert.throws(() => openDatabase({ path: join(folder, 'a.db'), area: 'test', migrations: [] }), refusal);
      assert.deepEqual(readdirSync(folder), []);
    }
  });

  it('all that a run of the example leaves behind is closed, in a folder that was open to be read', async () => {
    const folder = openFolder();
    try {
      mkdirSync(join(folder.path, 'data', 'mail'), { recursive: true });
      writeFileSync(join(folder.path, 'data', 'mail', 'old.eml'), 'x');
      for (const name of ['data', 'data/mail']) chmodSync(join(folder.path, name), 0o755);
      const { code, stderr } = await folder.run(['run', '--once']);
      assert.equal(code, 0, stderr);
      const data = join(folder.path, 'data');
      const open = readdirSync(data, { recursive: true, encoding: 'utf8' })
        .concat('')
        .filter((name) => (lstatSync(join(data, name)).mode & 0o077) !== 0);
      assert.deepEqual(open, []);
      assert.ok(readdirSync(join(data, 'mail')).length > 1);
      chmodSync(data, 0o770);
      for (const args of [['run', '--once'], ['allow', '192.0.2.1', '--reason', 'x'], ['blocks']]) {
        const refused = await folder.run(args);
        assert.notEqual(refused.code, 0, args.join(' '));
        assert.match(refused.stderr, /others may write to the folder/);
      }
    } finally {
      folder.close();
    }
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { fileName, openEmlFolder } from '../../../alerting/channels/eml-folder.ts';
import { CORRESPONDENTS, sampleMail } from './sample-mail.ts';

async function folderIn(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tipline-mail-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'data', 'mail');
}

test('a mail becomes one file that a mail program can read', async (t) => {
  const folder = await folderIn(t);
  const channel = openEmlFolder({ folder, correspondents: CORRESPONDENTS });
  assert.equal(await channel.verify(), undefined);
  const sent = sampleMail();
  assert.deepEqual(await channel.deliver(sent), { kind: 'accepted', refusedRecipients: [] });
  assert.deepEqual(await readdir(folder), ['20260510T120000Z-0123456789abcdef0123.eml']);

  const path = join(folder, fileName(sent));
  const raw = await readFile(path);
  assert.doesNotMatch(raw.toString('latin1'), /[^\r]\n/, 'RFC 5322 lines end in CRLF');
  const mail = await simpleParser(raw);
  assert.equal(mail.messageId, sent.messageId);
  assert.equal(mail.subject, sent.subject);
  assert.equal(mail.text, sent.text);
  assert.equal(mail.html, sent.html);
  assert.equal(mail.from?.value[0]?.address, 'tipline@example.org');
  assert.deepEqual(
    [mail.to].flat().flatMap((group) => group?.value.map(({ address }) => address)),
    ['security@example.org', 'night@example.org'],
  );
  assert.equal((await stat(path)).mode & 0o077, 0, 'nobody else reads it');
});

test('the same mail again is the same file, untouched', async (t) => {
  const folder = await folderIn(t);
  const channel = openEmlFolder({ folder, correspondents: CORRESPONDENTS });
  await channel.deliver(sampleMail());
  const before = await stat(join(folder, fileName(sampleMail())), { bigint: true });
  await channel.deliver(sampleMail({ attempts: 2 }));
  const after = await stat(join(folder, fileName(sampleMail())), { bigint: true });
  assert.equal(after.mtimeNs, before.mtimeNs);
  assert.equal((await readdir(folder)).length, 1);
});

test('what a crash left half written is not taken for a mail, and is replaced', async (t) => {
  const folder = await folderIn(t);
  const channel = openEmlFolder({ folder, correspondents: CORRESPONDENTS });
  assert.equal(await channel.verify(), undefined);
  assert.equal(existsSync(folder), false, 'asking makes nothing');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${fileName(sampleMail())}.part`), 'half a ma');
  await channel.deliver(sampleMail());
  assert.deepEqual(await readdir(folder), [fileName(sampleMail())]);
});

test('an id cannot leave the folder', () => {
  assert.equal(fileName(sampleMail({ id: '../../etc/x' })), '20260510T120000Z-______etc_x.eml');
});

test('a folder that cannot be written to is told of', async (t) => {
  const folder = await folderIn(t);
  const file = join(folder, '..', '..', 'file');
  await writeFile(file, '');
  const channel = openEmlFolder({ folder: join(file, 'mail'), correspondents: CORRESPONDENTS });
  for (const answer of [await channel.verify(), await channel.deliver(sampleMail())]) {
    assert.partialDeepStrictEqual(answer, { kind: 'unreachable', lasting: false });
    assert.match(
      answer !== undefined && 'message' in answer ? answer.message : '',
      /^mails cannot be written to .*(ENOTDIR|is no folder)/,
    );
  }
});

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { createBenignValues } from '../../../../enrich/lists/warning/benign-values.ts';
import { createExceptions } from '../../../../enrich/lists/warning/exceptions.ts';
import { findListFiles, readListFiles } from '../../../../enrich/lists/warning/folders.ts';
import { listOf } from './benign-from.ts';

const FOLDER = 'rules/warning-lists';
const { sorted, problems } = await readListFiles(await findListFiles([FOLDER]), { except_lists: [], whole_hosts: [] });
const values = createBenignValues(sorted, { exceptions: createExceptions([]), wholeHosts: new Set() });

describe('shipped warning lists', () => {
  it('are read without a fault', () => {
    assert.deepEqual(problems, []);
    assert.equal(values.lists, 14);
  });

  it('know resolvers, root servers, edges, popular domains and reserved names', () => {
    const known = {
      '1.1.1.1': 'Public DNS resolvers',
      '8.8.4.4': 'Public DNS resolvers',
      '2620:fe::fe': 'Public DNS resolvers',
      '198.41.0.4': 'DNS root servers',
      'a.root-servers.net': 'DNS root server names',
      'google.com': 'Popular domains',
      'mail.google.com': 'Popular domains',
      'https://www.google.com/': 'Popular domains',
      '104.16.1.1': 'Cloudflare edge',
      '151.101.1.69': 'Fastly edge',
      'evil.example': 'Names reserved by RFCs',
      d41d8cd98f00b204e9800998ecf8427e: 'Hashes of the empty file',
    };
    for (const [text, name] of Object.entries(known)) assert.equal(listOf(values, text), name, text);
  });

  it('leave alone what others put on such hosts', () => {
    for (const text of [
      'https://drive.google.com/file/d/1',
      'evil.github.io',
      'https://raw.githubusercontent.com/x/y',
      'storage.example.co',
      '5.188.86.172',
      'http://1.1.1.1:8080/a',
    ])
      assert.equal(listOf(values, text), undefined, text);
  });

  it('hold every resolver, root server and edge that is never blocked', () => {
    const groups = parse(readFileSync('rules/never-block.yaml', 'utf8')) as { addresses: string[] }[];
    for (const text of groups.flatMap(({ addresses }) => addresses))
      assert.notEqual(listOf(values, text), undefined, text);
  });

  it('hold the hashes of the files that they describe', () => {
    const zeros = [1, 4, 512, 1_024, 4_096, 1_048_576].map((length) => Buffer.alloc(length));
    const texts = ['\n', '\r\n', ' ', '{}', '{}\n', '[]', 'null', 'true', '0', '1', 'OK', 'ok'].map((text) =>
      Buffer.from(text),
    );
    const marks = [
      'efbbbf',
      'fffe',
      `504b0506${'00'.repeat(18)}`,
      '47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b',
    ].map((hex) => Buffer.from(hex, 'hex'));
    const expected = (files: readonly Buffer[]) =>
      files.flatMap((file) => ['md5', 'sha1', 'sha256', 'sha512'].map((kind) => hash(kind, file))).sort();
    const listed = (name: string) =>
      (JSON.parse(readFileSync(`${FOLDER}/${name}/list.json`, 'utf8')) as { list: string[] }).list.sort();
    assert.deepEqual(listed('common-files'), expected([...zeros, ...texts, ...marks]));
    assert.deepEqual(listed('empty-file'), [...expected([Buffer.alloc(0)]), '3::'].sort());
  });
});

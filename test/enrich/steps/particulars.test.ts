import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromSlim } from '../../../enrich/state/claim.ts';
import { contextOf } from '../../../enrich/steps/context.ts';
import { readParticulars } from '../../../enrich/steps/particulars.ts';
import { openEnriching } from '../../core/contract/enriching.ts';
import { faults } from '../../core/contract/schemas.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427f';
const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80708';
const ip = { type: 'ip', value: '203.0.114.7' } as const;

describe('particulars', () => {
  it('are read in the ways that feeds write them, and what does not fit is context', () => {
    assert.deepEqual(readParticulars({ port: '443', sightings: 3, event_id: ' 5f1c\n', object_id: 17 }, ip), {
      port: 443,
      sightings: 3,
      event_id: '5f1c',
      object_id: '17',
    });
    const strange = { port: 'any', sightings: -1, file: 'evil.exe', event_id: { a: 1 }, object_id: '' };
    assert.equal(readParticulars(strange, ip), undefined);
    assert.deepEqual(contextOf(strange), { port: 'any', sightings: '-1', file: 'evil.exe', event_id: '{"a":1}' });
    for (const port of [0, 65_536, 1.5, Number.NaN, '1e3', true])
      assert.equal(readParticulars({ port }, ip), undefined);
  });

  it('keep what is known of a file, hashes in their canonical form and of their own type alone', () => {
    const file = {
      name: 'a\u202eexe.b',
      size: '4096',
      type: 'application/x-dosexec',
      hashes: { md5: md5.toUpperCase(), sha1, sha256: 'none', strange: 'x', sha512: md5 },
    };
    assert.deepEqual(readParticulars({ file }, { type: 'md5', value: md5 })?.file, {
      name: 'a exe.b',
      size: 4096,
      type: 'application/x-dosexec',
      hashes: { md5, sha1 },
    });
  });

  it('keep a URL as it was written, unless that is the canonical form or very long', () => {
    const url = { type: 'url', value: 'http://evil.example/a' } as const;
    assert.equal(readParticulars({ indicator: 'hxxp://EVIL[.]example/a' }, url)?.original, 'hxxp://EVIL[.]example/a');
    assert.equal(readParticulars({ indicator: 'http://evil.example/a' }, url), undefined);
    assert.equal(readParticulars({ indicator: `HTTP://evil.example/${'a'.repeat(2000)}` }, url), undefined);
    assert.equal(readParticulars({ indicator: '203.0.114[.]7' }, ip), undefined);
  });

  it('stand in the documents, and come back from them', () => {
    const told = {
      indicator: md5,
      source: 'a',
      port: 80,
      sightings: 2,
      event_id: 'e',
      object_id: 'o',
      file: { name: 'a"b', size: 1, type: 't', hashes: { md5, sha1 } },
    };
    const { current, history } = openEnriching().take([told]);
    assert.deepEqual(faults('enriched-document', current[0]), []);
    assert.deepEqual(faults('history-document', history[0]), []);
    const claim = current[0]?.tipline.claims[0] ?? assert.fail();
    const { indicator: _, source: __, ...particulars } = told;
    assert.deepEqual(fromSlim(claim).particulars, particulars);
  });

  it('make another statement where port or file change, and none where counts and ids of bundles do', () => {
    const hashOf = (more: object): string =>
      openEnriching().take([{ indicator: '203.0.114.7', source: 'a', ...more }]).current[0]?.tipline.claims[0]?.hash ??
      '';
    const plain = hashOf({});
    assert.equal(hashOf({ sightings: 5, event_id: 'bundle--1', object_id: 'x' }), plain);
    assert.notEqual(hashOf({ port: 80 }), plain);
    assert.notEqual(hashOf({ port: 80 }), hashOf({ port: 81 }));
    assert.notEqual(hashOf({ file: { name: 'a' } }), plain);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { BUILT_UPON } from '../../../../bus/kafka/repairs/kafkajs.ts';
import { KNOWN_KAFKAJS, kafkajsVersion, type Upstream } from '../../../../bus/kafka/repairs/upstream.ts';

const root = resolve(import.meta.dirname, '../../../..');

function complaint({ module, sha256 }: Upstream, text: string): string | undefined {
  const found = createHash('sha256').update(text).digest('hex');
  if (found === sha256) return undefined;
  return `kafkajs's src/${module} is not what bus/kafka/repairs was written for: read it again, see whether what is built upon it is still needed and right, and put ${found} where ${sha256} stands`;
}

describe('what the repairs of kafkajs are built upon', () => {
  it('is the version that was read', () => {
    assert.equal(kafkajsVersion(), KNOWN_KAFKAJS);
  });

  for (const upstream of BUILT_UPON) {
    it(`is the text of ${upstream.module} that was read`, () => {
      const text = readFileSync(join(root, 'node_modules/kafkajs/src', upstream.module), 'utf8');
      assert.equal(complaint(upstream, text), undefined);
      assert.match(complaint(upstream, `${text}\n`) ?? '', /read it again/, 'one more empty line is noticed');
    });
  }
});

describe('the two Kafka clients', () => {
  interface Manifest {
    dependencies: Record<string, string>;
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Manifest & { version: string }>;
  };

  for (const name of ['kafkajs', '@platformatic/kafka']) {
    it(`are pinned exactly, since their inner parts are used: ${name}`, () => {
      const wanted = manifest.dependencies[name] ?? '';
      assert.match(wanted, /^\d+\.\d+\.\d+$/, `package.json must name one version of ${name}`);
      assert.equal(lock.packages['']?.dependencies[name], wanted);
      assert.equal(lock.packages[`node_modules/${name}`]?.version, wanted);
    });
  }
});

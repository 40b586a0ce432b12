import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { openFolder } from './folder.ts';

const MALICIOUS = ['--severity', '95', '--tag', 'malicious'];

describe('what must stay reachable', () => {
  const folder = openFolder();
  after(() => folder.close());

  it('is told by check, each with the reason, and never blocked', async () => {
    folder.write(
      'tipline.yaml',
      `http: { listen: off }
own: [185.220.101.0/24, "2a00:1450::/32"]
feeds:
  - { name: list, type: http-list, url: "http://127.0.0.1:9/list", proxy: "http://185.220.102.9:3128" }
`,
    );
    const checked = await folder.run(['check', '--no-feeds', '--json']);
    assert.equal(checked.code, 0, checked.stderr);
    const spared = checked.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { what: string; detail: string })
      .flatMap(({ what, detail }) => (what === 'never blocked' ? [detail] : []));
    const told = (start: string) => spared.find((detail) => detail.startsWith(start));
    assert.equal(told('it is yours (own)'), 'it is yours (own): 185.220.101.0/24, 2a00:1450::/32');
    assert.match(told('an address of this machine') ?? '', /127\.0\.0\.1/);
    assert.equal(told('tipline works with 185.220.102.9'), 'tipline works with 185.220.102.9: 185.220.102.9');

    // nobody asks the feed: its proxy is somebody's
    const runOnce = async () => (await folder.run(['run', 'enrich', 'responder', '--once', '--json'])).code;
    assert.equal(await runOnce(), 0);
    for (const value of ['185.220.101.7', '185.220.102.9', '185.220.103.3'])
      assert.equal((await folder.run(['add', value, ...MALICIOUS])).code, 0);
    assert.equal(await runOnce(), 0);
    const { stdout } = await folder.run(['blocks', '--all', '--json']);
    const blocks = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { value: string; state: string; code: string | null; reason: string });
    assert.deepEqual(blocks.map(({ value, state, code }) => [value, state, code]).sort(), [
      ['185.220.101.7', 'refused', 'GUARD_OWN'],
      ['185.220.102.9', 'refused', 'GUARD_PEER'],
      ['185.220.103.3', 'planned', null],
    ]);
    assert.match(
      blocks.find(({ value }) => value === '185.220.101.7')?.reason ?? '',
      /185\.220\.101\.7 overlaps 185\.220\.101\.0\/24, which must stay reachable: it is yours \(own\)/,
    );
    const { stdout: explained } = await folder.run(['explain', '185.220.103.3']);
    assert.match(explained, /^block +would be blocked .*feed operator says so/m);
  });
});

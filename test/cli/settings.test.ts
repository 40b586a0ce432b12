import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings } from '../../cli/settings.ts';
import { whoMayBlock } from '../../cli/who-may-block.ts';
import { messageOf } from '../../core/process/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-settings-'));
const path = join(folder, 'tipline.yaml');
after(() => rmSync(folder, { recursive: true }));

function feeds(text: string, environment: Record<string, string> = {}) {
  writeFileSync(path, text);
  return readSettings(path, environment).feeds.map(({ settings }) => settings);
}

function refusal(text: string): string[] {
  try {
    feeds(text);
  } catch (error) {
    return messageOf(error).replaceAll(`${path}:`, '').split('\n');
  }
  return assert.fail('it was taken');
}

describe('the rhythm of a feed', () => {
  it('is its own, and stands where it means something', () => {
    const [list, drop] = feeds(
      'feeds:\n  - { name: list, type: http-list, url: "https://lists.example.org/a", every: 90s }\n  - { use: spamhaus-drop }',
    );
    assert.deepEqual(
      [list && 'every' in list && list.every, drop && 'every' in drop && drop.every],
      [90_000, 43_200_000],
    );
    for (const section of ['type: file, path: a', 'type: directory, path: a', 'type: tcp']) {
      assert.match(
        String(refusal(`feeds:\n  - { name: local, ${section}, every: 1h }`)),
        /^2: feeds\.0\.every: there is no such key/,
        section,
      );
    }
  });
});

describe('feeds of the catalogue', () => {
  it('are written in one line, and overridden beside it', () => {
    const [feodo, mine, fox] = feeds(
      `feeds:\n  - { use: feodo }\n  - { use: feodo, name: mine, every: 2h, tags: [] }\n  - { use: threatfox, auth_key: "\${KEY}" }\n`,
      { KEY: 'k3y' },
    );
    assert.deepEqual([feodo?.name, feodo?.type, feodo?.tags, feodo?.confidence], ['feodo', 'feodo', ['malicious'], 90]);
    assert.deepEqual([mine?.name, mine?.tags, mine && 'every' in mine && mine.every], ['mine', [], 7_200_000]);
    assert.equal(fox?.name, 'threatfox');
  });

  it('can be left out like others, with or without a key', () => {
    assert.deepEqual(feeds('feeds: [{ use: threatfox, enabled: false }]'), []);
  });

  it('come from the catalogue of the operator first, whose path is told from the file of the configuration', () => {
    writeFileSync(
      join(folder, 'own.yaml'),
      'local: { feed: { type: http-list, url: "https://lists.example.org/a" } }\n',
    );
    const [local] = feeds('catalogue: ./own.yaml\nfeeds: [{ use: local }]');
    assert.deepEqual([local?.name, local?.type], ['local', 'http-list']);
  });

  it('are refused with the line where they stand', () => {
    assert.match(
      String(refusal('feeds:\n  - { use: feodo }\n  - { use: feodoo }')),
      /^3: feeds\.1\.use: there is no such feed/,
    );
    assert.match(String(refusal('feeds:\n  - use: threatfox')), /^2: feeds\.0\.auth_key: is missing: get a free key/);
    assert.match(String(refusal('feeds:\n  - use: feodo\n    every: soon')), /^3: feeds\.0\.every: must be a duration/);
    assert.match(
      String(refusal('feeds:\n  - use: feodo\n    colums: {}')),
      /^3: feeds\.0\.colums: there is no such key/,
    );
    assert.match(String(refusal('feeds: [{ use: feodo }, { use: feodo }]')), /another feed is named feodo too/);
    assert.match(String(refusal('feeds: [{ use: 5 }]')), /feeds\.0\.use: must be text/);
    assert.deepEqual(refusal('feeds:\n  - every: 1h'), [
      '2: feeds.0.name: is missing: it must be text',
      '2: feeds.0.type: is missing: it must be text',
    ]);
  });
});

describe('all that is wrong', () => {
  it('is told at once: variables, sections, own keys of several feeds, the catalogue', () => {
    assert.deepEqual(
      refusal(
        [
          'alerting: { threshold: 180 }',
          'feeds:',
          `  - { name: a, type: abuseipdb, api_key: "\${NO_SUCH_KEY}" }`,
          '  - { name: b, type: file, path: ./x, colums: {} }',
          '  - { name: b, type: carrier-pigeon }',
          '  - { use: feodoo }',
          '  - { name: c, type: tcp, listen: nowhere }',
          'responder: { mode: attack }',
        ].join('\n'),
      ).map((line) => line.replace(/; (the keys here are|it has) .*|must be one of .*/, '')),
      [
        '1: alerting.threshold: must be a number from 0 to 100',
        '3: feeds.0.api_key: the environment variable NO_SUCH_KEY is not set',
        '4: feeds.1.colums: there is no such key',
        '5: feeds.2.name: another feed is named b too',
        '5: feeds.2.type: ',
        '6: feeds.3.use: there is no such feed in the catalogue',
        '7: feeds.4.listen: must be host:port, or [host]:port for IPv6',
        '8: responder.mode: ',
      ],
    );
  });

  it('and a variable that is not set makes no second mistake', () => {
    assert.deepEqual(refusal(`feeds:\n  - { name: a, type: http-list, url: "https://\${NO_HOST}/a" }`), [
      '2: feeds.0.url: the environment variable NO_HOST is not set',
    ]);
  });
});

describe('who may block', () => {
  const words = (text: string): string => {
    writeFileSync(path, text);
    return whoMayBlock(readSettings(path, {}).feeds);
  };

  it('is one sentence that names the feeds of outsiders', () => {
    const list = '  - { name: list, type: http-list, url: "https://lists.example.org/a" }\n';
    assert.match(words(`feeds:\n${list}`), /^all feeds may; what stands on ioc\.raw without .* may not$/);
    const push = '  - { name: push, type: tcp, listen: "127.0.0.1:5000" }\n';
    const trusted = '  - { name: trusted, type: tcp, listen: "127.0.0.1:5001", may_block: true }\n';
    assert.match(
      words(`feeds:\n${list}${push}${trusted}  - { name: mine, type: file, path: ./x, may_block: false }\n`),
      /^what comes through push \(tcp\), mine \(file\) may not, nor .*may_block: true$/,
    );
  });
});

describe('names of feeds in other sections', () => {
  const excepting = (names: string, feed = '  - { name: sandbox, type: tcp }\n') =>
    `feeds:\n${feed}enrich:\n  warning_lists:\n    except_feeds: [${names}]\n`;

  it('must be those of feeds', () => {
    assert.deepEqual(refusal(excepting('sandbox, sandbx')), [
      '5: enrich.warning_lists.except_feeds.1: no feed is named "sandbx"; there are sandbox',
    ]);
  });

  it('may be of one that is switched off, or of nobody that is known', () => {
    assert.equal(feeds(excepting('sandbox, external')).length, 1);
    assert.equal(feeds(excepting('sandbox', '  - { name: sandbox, type: tcp, enabled: false }\n')).length, 0);
    // whoever enriches only may have no feeds of its own
    assert.equal(feeds('enrich: { warning_lists: { except_feeds: [elsewhere] } }\n').length, 0);
  });
});

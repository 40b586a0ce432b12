// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the configuration writes variables like that
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { configError, loadConfig } from '../../../../core/process/config/load.ts';
import type { TiplineError } from '../../../../core/process/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-config-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'tipline.yaml');

function load(text: string, environment: Record<string, string> = {}) {
  writeFileSync(path, text);
  return loadConfig(path, environment);
}

function refusal(text: string, environment: Record<string, string> = {}): TiplineError {
  try {
    load(text, environment);
  } catch (error) {
    return error as TiplineError;
  }
  throw new assert.AssertionError({ message: `was taken: ${text}` });
}

/** The lines of a refusal, without the file's path. */
function told(text: string, environment: Record<string, string> = {}): string[] {
  const { message } = refusal(text, environment);
  return message.split('\n').map((line) => line.replace(`${path}:`, ''));
}

describe('loadConfig', () => {
  it('makes a whole configuration of an empty file', () => {
    const { config } = load('');
    assert.deepEqual(config.bus, { kind: 'embedded' });
    assert.deepEqual(config.store, { kind: 'embedded' });
    assert.deepEqual(config.enrich.weights, { confidence: 0.7, severity: 0.3 });
    assert.equal(config.alerting.threshold, 80);
    assert.equal(config.responder.mode, 'dry-run');
    assert.equal(config.retention.history, 90 * 86_400_000);
  });

  it('resolves paths against the folder of the file, wherever the process runs', () => {
    const loaded = load('');
    assert.equal(loaded.path, path);
    assert.equal(loaded.resolvePath('allow.txt'), join(folder, 'allow.txt'));
    assert.equal(loaded.resolvePath('/etc/allow.txt'), '/etc/allow.txt');
    assert.equal(loadConfig(relative(process.cwd(), path), {}).path, path);
  });

  it('names every file absolutely, wherever it is told of', () => {
    const { config } = load(
      [
        'bus: {kind: kafka, brokers: ["a:1"], tls: {ca: ca.pem, cert: ./c.pem, key: /k.pem}}',
        'store: {kind: elasticsearch, nodes: ["https://es"], ca: ../ca.pem}',
        'enrich: {allow: [a.txt], severity_rules: s.yaml, geo: {city: c.mmdb, country: k.mmdb, asn: a.mmdb, default: off}}',
        'alerting: {email: {from: a@b, to: [a@b], ca: m.pem}}',
        'responder: {never_block: [n.txt]}',
      ].join('\n'),
    );
    const at = (name: string): string => join(folder, name);
    assert.deepEqual(config.bus.kind === 'kafka' && config.bus.tls, {
      ca: at('ca.pem'),
      cert: at('c.pem'),
      key: '/k.pem',
    });
    assert.equal(config.store.kind === 'elasticsearch' && config.store.ca, at('../ca.pem'));
    assert.deepEqual(config.enrich.allow, [at('a.txt')]);
    assert.equal(config.enrich.severity_rules, at('s.yaml'));
    assert.deepEqual(config.enrich.geo, {
      city: at('c.mmdb'),
      country: at('k.mmdb'),
      asn: at('a.mmdb'),
      default: 'off',
    });
    assert.equal(config.alerting.email.ca, at('m.pem'));
    assert.deepEqual(config.responder.never_block, [at('n.txt')]);
    assert.equal(config.data, './data');
  });

  it('puts in variables and files, in lists and deep inside, several in one value, and takes what they hold as it is', () => {
    mkdirSync(join(folder, 'secrets'), { recursive: true });
    writeFileSync(join(folder, 'secrets', 'key'), '  k-${HOME}-&$1\n\n');
    const { config } = load(
      'bus: {kind: kafka, brokers: ["${HOST}:${ PORT }"]}\nstore:\n  kind: elasticsearch\n  nodes: ["https://es:9200"]\n  api_key: "${file:secrets/key}"\nfeeds:\n  - {name: a, type: x, nested: [{key: "<${HOST}>"}]}',
      { HOST: 'kafka', PORT: '9092' },
    );
    assert.deepEqual(config.bus.kind === 'kafka' && config.bus.brokers, ['kafka:9092']);
    assert.equal(config.store.kind === 'elasticsearch' && config.store.api_key, 'k-${HOME}-&$1');
    assert.deepEqual(config.feeds[0]?.nested, [{ key: '<kafka>' }]);
  });

  it('takes a variable that is set to nothing', () => {
    assert.equal(load('feeds: [{name: a, type: x, note: "${EMPTY}"}]', { EMPTY: '' }).config.feeds[0]?.note, '');
  });

  it('names file, line and key of a variable that is not set', () => {
    const { code, retryable } = refusal('feeds: [{name: a, type: x, api_key: "${KEY}"}]');
    assert.deepEqual({ code, retryable }, { code: 'CONFIG_VARIABLE_UNSET', retryable: false });
    assert.deepEqual(told('bus:\n  kind: kafka\n  brokers:\n    - "${BROKER}"'), [
      '4: bus.brokers.0: the environment variable BROKER is not set',
    ]);
    assert.deepEqual(told('data: "${constructor}"'), ['1: data: the environment variable constructor is not set']);
  });

  it('names file, line and key of a secret file that cannot be read', () => {
    const error = refusal('log: info\ndata: "${file:none/at all}"');
    assert.equal(error.code, 'CONFIG_SECRET_FILE');
    assert.equal(error.message, `${path}:2: data: the file of \${file:none/at all} cannot be read`);
    assert.equal((error.cause as { code?: string }).code, 'ENOENT');
  });

  it('refuses what stands between the braces and is no name', () => {
    for (const inside of ['', 'A:-default', '1A', 'a b', 'env.A'])
      assert.equal(refusal(`data: "\${${inside}}"`, { A: 'a' }).code, 'CONFIG_VARIABLE_NAME');
  });

  it('tells everything that is wrong at once, each with line, key and what is allowed', () => {
    const { code, retryable } = refusal('log: loud');
    assert.deepEqual({ code, retryable }, { code: 'CONFIG_INVALID', retryable: false });
    assert.deepEqual(
      told(
        [
          'data: 5',
          'bus:',
          '  kind: kafka',
          '  brokers: [nonsense, "a:70000"]',
          '  brokrs: ["a:1"]',
          'store: {kind: elasticsearch, nodes: ["localhost:9200"], api_key: ""}',
          'alerting:',
          '  threshold: "80"',
          '  quiet: 10 minutes',
          '  email: {from: tipline@localhost, to: []}',
          'enrich:',
          '  lifetimes:',
          '    ipv4: 3d',
          '  weights: {confidence: 0.5, severity: 0.4}',
          '  cache: 64',
          'http: {listen: nowhere}',
          'log: loud',
        ].join('\n'),
      ).toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
      [
        '1: data: must be text: put it in quotes',
        '4: bus.brokers.0: must be host:port, or [host]:port for IPv6',
        '4: bus.brokers.1: the port must be 65535 at most',
        '5: bus.brokrs: there is no such key; the keys here are kind, sign, brokers, client_id, prefix, tls, sasl, partitions, replication, create_topics, compression',
        '6: store.nodes.0: must be an http or https URL',
        '6: store.api_key: must not be empty',
        '8: alerting.threshold: must be a number from 0 to 100',
        '9: alerting.quiet: must be a duration such as 30s, 15m, 6h or 7d',
        '10: alerting.email.to: must have at least 1 entry',
        '13: enrich.lifetimes.ipv4: there is no such key; the keys here are ip, cidr, domain, url, email, md5, sha1, sha256, sha512, ssdeep, tlsh, imphash, asn, mac, mutex, registry, x509, cve',
        '14: enrich.weights: weights must add up to 1',
        '15: enrich.cache: must be a size such as 512kb, 64mb or 2gb',
        '16: http.listen: must be host:port, or [host]:port for IPv6',
        '17: log: must be one of debug, info, warn, error, silent',
      ],
    );
  });

  it('says what is missing, in the line of what lacks it', () => {
    assert.deepEqual(told('bus:\n  kind: kafka\nfeeds:\n  - name: a\n  - type: tcp\n'), [
      '1: bus.brokers: is missing: it must be a list',
      '4: feeds.0.type: is missing: it must be text',
      '5: feeds.1.name: is missing: it must be text',
    ]);
  });

  it('says which kinds there are', () => {
    assert.deepEqual(told('bus: {kind: rabbit}\nstore: {}\nhttp: []'), [
      '1: bus.kind: must be one of embedded, kafka',
      '2: store.kind: must be one of embedded, elasticsearch',
      '3: http: must be a section with keys',
    ]);
    assert.deepEqual(told('- a'), ['1: the file: must be a section with keys']);
    assert.deepEqual(told('feed: []'), [
      '1: feed: there is no such key; the keys here are data, disk, bus, store, feeds, catalogue, own, enrich, alerting, responder, retention, http, log',
    ]);
  });

  it('of several shapes tells what is wrong with the one that is meant', () => {
    const bus = 'bus:\n  kind: kafka\n  brokers: ["a:1"]\n';
    assert.deepEqual(told(`${bus}  tls:\n    caa: x`), [
      '5: bus.tls.caa: there is no such key; the keys here are ca, cert, key',
    ]);
    assert.deepEqual(told(`${bus}  tls: 5`), ['4: bus.tls: must be true or false or a section with keys']);
  });

  it('never repeats a value: it may be a password', () => {
    const text =
      'store: {kind: elasticsearch, nodes: ["p4ss://u:p4ss@es"], password: [p4ss], prefix: P4ss, refresh_interval: p4ss}\nresponder: {mode: p4ss, name: "p4ss p4ss"}\nalerting: {email: {smtp: "p4ss", from: 5, to: p4ss}}\nhttp: {listen: "${SECRET}"}';
    assert.doesNotMatch(refusal(text, { SECRET: 'p4ss' }).message, /p4ss/i);
  });

  it('lists no more than an operator reads', () => {
    const feeds = Array.from({ length: 500 }, () => '  - {}').join('\n');
    const lines = told(`feeds:\n${feeds}`);
    assert.equal(lines.length, 21);
    assert.equal(lines.at(-1), '… and 980 more');
  });
});

describe('configError', () => {
  it('puts the checked part where it stands in the file', () => {
    const { file } = load('feeds:\n  - name: a\n    type: x\n    url: 5\n');
    const { message } = configError(
      file,
      [{ code: 'custom', path: ['url'], message: 'must be a URL', input: 5 }],
      ['feeds', 0],
    );
    assert.equal(message, `${path}:4: feeds.0.url: must be a URL`);
  });
});

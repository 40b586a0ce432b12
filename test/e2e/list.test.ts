import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Summary } from '../../cli/run/summary.ts';
import { type Lab, openLab } from './lab.ts';

/** A list as it is found in the wild: comments, CRLF, tab-separated hits. A corpus, if given, brings a real one. */
function makeList(): string {
  const rows = Array.from(
    { length: 5000 },
    (_, n) => `${20 + (n % 100)}.${(n >> 8) & 255}.${n & 255}.${1 + (n % 200)}\t${1 + (n % 10)}\r\n`,
  );
  return `# a list of addresses\r\n#\r\n# IP\tnumber of lists\r\n${rows.join('')}`;
}

const corpus = process.env.TIPLINE_CORPUS;
const list = corpus === undefined ? makeList() : readFileSync(join(corpus, 'lists/ipsum.txt'), 'utf8');
const addresses = list.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;

describe(`a list of ${addresses.toLocaleString('en')} addresses, through Kafka into Elasticsearch`, () => {
  let lab: Lab;
  let requests = 0;
  // without validators: each pass reads all of it again
  const server = createServer((_request, response) => {
    requests += 1;
    response.setHeader('content-type', 'text/plain');
    response.end(list);
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    lab = await openLab();
    lab.configure({
      feeds: [
        {
          name: 'ipsum',
          type: 'http-list',
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipsum.txt`,
          format: 'tsv',
          columns: { indicator: 1 },
          indicator_type: 'ip',
          confidence: {
            column: 2,
            map: [
              [1, 30],
              [3, 70],
              [6, 95],
            ],
          },
          severity: 60,
          tags: ['malicious'],
          every: '1h',
        },
      ],
    });
  });
  after(async () => {
    await lab?.close();
    server.close();
    server.closeAllConnections();
  });

  it('makes one current document and one of history for each', async () => {
    const started = performance.now();
    const { code, stdout, stderr } = await lab.run(['run', '--once', '--json']);
    const seconds = (performance.now() - started) / 1000;
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout) as Summary;
    console.log(
      `first pass: ${seconds.toFixed(1)} s, ${(addresses / seconds).toFixed(0)} addresses/s with start and end`,
    );
    assert.equal(summary.read, addresses);
    assert.equal(summary.current, addresses);
    assert.equal(summary.history, addresses);
    assert.deepEqual(summary.by_type, { ip: addresses });
    assert.equal(await lab.count('threat_intel_current'), addresses);
    assert.equal(await lab.count('threat_intel-*'), addresses);
  });

  it('maps confidence from the second column and knows countries', async () => {
    const sure = await lab.count('threat_intel_current', { term: { 'tipline.confidence': 95 } });
    const expected = list
      .split('\n')
      .filter((line) => !line.startsWith('#') && Number(line.split('\t')[1]) >= 6).length;
    assert.equal(sure, expected);
    const placed = await lab.count('threat_intel_current', {
      exists: { field: 'threat.indicator.geo.country_iso_code' },
    });
    console.log(`${placed} of ${addresses} addresses have a country`);
    assert.ok(placed > addresses * 0.5, `${placed} have a country`);
  });

  it('files history by day, and old dashboards find their fields', async () => {
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '.');
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10).replaceAll('-', '.');
    const counts = await Promise.all(
      [day, yesterday].map(async (each) => (await lab.count(`threat_intel-${each}`)) ?? 0),
    );
    assert.equal(
      counts.reduce((sum, each) => sum + (each || 0), 0),
      addresses,
    );
    assert.ok((await lab.count('threat_intel-*', { range: { threat_score: { gte: 80 } } })) > 0);
    assert.ok((await lab.count('threat_intel-*', { term: { source: 'ipsum' } })) === addresses);
  });

  it('adds no document in a second pass that reads all again', async () => {
    const started = performance.now();
    const { code, stdout, stderr } = await lab.run(['run', '--once', '--json']);
    console.log(`second pass: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout) as Summary;
    assert.equal(requests, 2);
    assert.equal(summary.read, addresses);
    assert.equal(summary.current, 0);
    assert.equal(summary.history, 0);
    assert.equal(await lab.count('threat_intel_current'), addresses);
    assert.equal(await lab.count('threat_intel-*'), addresses);
  });

  it('finds an address from the command line', async () => {
    const address =
      list
        .split('\n')
        .find((line) => /^\d/.test(line))
        ?.split('\t')[0] ?? '';
    const { code, stdout } = await lab.run(['search', address, '--json']);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout.split('\n')[0] ?? '').tipline.value, address);
    assert.equal((await lab.run(['search', '4.4.4.4'])).code, 1);
  });
});

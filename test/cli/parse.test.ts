import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function parse(args: readonly string[], input?: string | Buffer): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['cli/main.ts', 'parse', ...args],
      { maxBuffer: 64 * 1024 ** 2 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

function files(t: TestContext, contents: Readonly<Record<string, string | Buffer>>): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'tipline-parse-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(path, name), content);
  return (name) => join(path, name);
}

test('records as JSON lines, and what they are on standard error', async (t) => {
  const at = files(t, {
    list: '192.0.2.1\nevil[.]example\nnonsense\n192.0.2.2\n192.0.2.3\n192.0.2.4\n192.0.2.5\n192.0.2.6\n192.0.2.7\n192.0.2.8\n',
    'report.txt.gz': gzipSync('They used evil[.]test, setup[.]exe and version 1.2.3.4.\n'),
  });
  const { code, stdout, stderr } = await parse([at('list'), at('report.txt.gz'), '--json']);
  assert.equal(code, 0, stderr);
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { indicator: string });
  assert.deepEqual(records.map(({ indicator }) => indicator).slice(0, 2), ['192.0.2.1', 'evil[.]example']);
  assert.deepEqual(records.at(-1), { indicator: 'evil.test', type: 'domain' });
  assert.match(
    stderr,
    /list: lines \(an indicator in each line\): 10 records: 8 ip, 1 domain, 1 that the enricher would refuse, first "nonsense"/,
  );
  assert.match(
    stderr,
    /report\.txt\.gz: text \(.*\): 1 record: 1 domain\n {2}left out: 1, by line or number:\n {4}1: "setup\.exe" was disarmed/,
  );
});

test('a table, from standard input, as far as is asked for', async () => {
  const { code, stdout, stderr } = await parse(
    ['-', '--limit', '2'],
    'type,ip,confidence\nx,192.0.2.1,80\nx,192.0.2.2,70\nx,192.0.2.3,60\n',
  );
  assert.equal(code, 0, stderr);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  assert.match(head ?? '', /^TYPE +INDICATOR +CONFIDENCE/);
  assert.equal(rows.length, 2);
  assert.match(rows[1] ?? '', /^ip +192\.0\.2\.2 +70$/);
  assert.match(stderr, /^standard input: table .*: 2 records: 2 ip, as many as were asked for$/m);
});

test('one that cannot be read does not stop the others, and is told with its place', async (t) => {
  const at = files(t, {
    'broken.json': '[{"indicator":"192.0.2.1"},{"indic',
    image: Buffer.from([0, 1, 2, 3]),
    'cut.gz': gzipSync('192.0.2.1\n'.repeat(9000)).subarray(0, 50),
    good: '192.0.2.9\n',
  });
  const { code, stdout, stderr } = await parse([
    at('broken.json'),
    at('image'),
    at('nowhere'),
    at(''),
    at('cut.gz'),
    at('good'),
    '--json',
  ]);
  assert.equal(code, 1);
  assert.equal(stdout, '{"indicator":"192.0.2.1"}\n{"indicator":"192.0.2.9"}\n');
  assert.match(stderr, /broken\.json: raw \(.*\): 1 record: 1 ip, then it could not be read further: .*byte 34/);
  assert.match(stderr, /image: no format that tipline knows: it is binary data/);
  assert.match(stderr, /nowhere: .*ENOENT/);
  assert.match(stderr, /it is a folder; name the files in it/);
  assert.match(stderr, /cut\.gz: .*damaged or was cut off/);
  assert.match(stderr, /good: lines/);
});

test('a format that is asked for is taken; a wrong option is a mistake of the command', async () => {
  const { stdout } = await parse(['-', '--format', 'text', '--json'], 'evil[.]test\nevil[.]test\n');
  assert.equal(stdout, '{"indicator":"evil.test","type":"domain"}\n');
  assert.equal((await parse(['-', '--format', 'nonsense'])).code, 2);
  assert.equal((await parse(['-', '--limit', '-1'])).code, 2);
});

test('control characters of a file do not reach the terminal', async () => {
  const { stdout, stderr } = await parse(
    ['-'],
    '{"indicator":"evil\\u001b[2J.example","type":"domain","tags":["\\u0007x"]}\n',
  );
  assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f]/);
});

test('what is printed as JSON moves no cursor and turns no reading order', async (t) => {
  const at = files(t, { 'a.json': '[{"indicator":"192.0.2.1","tags":["\u009b2J\u202e\u200bx"]}]' });
  const { stdout } = await parse([at('a.json'), '--json']);
  assert.match(stdout, /^[\n\x20-\x7e]+$/);
  assert.deepEqual(JSON.parse(stdout).tags, ['\u009b2J\u202e\u200bx']);
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { isAlive } from '../services/alive.ts';
import { until } from '../services/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-run-'));
after(() => rmSync(folder, { recursive: true }));

const given = relative(folder, join(import.meta.dirname, '../services/given.ts'));

describe('the test runner', () => {
  it('passes when every test passes, starts no server nobody asks for, and ends with the counts of Node', async () => {
    const run = started(file('pass', "it('works', () => {});"));
    assert.equal(await run.ended, 0);
    assert.match(run.output(), /ℹ tests 1\n.*ℹ pass 1\n.*ℹ fail 0\n.*ℹ skipped 0\n/s);
    assert.doesNotMatch(run.output(), /starting/);
  });

  it('fails when a test fails', async () => {
    const run = started(file('fail', "it('works', () => { throw new Error('no'); });"));
    assert.equal(await run.ended, 1);
    assert.match(run.output(), /ℹ fail 1/);
  });

  for (const kind of ['skip', 'todo']) {
    it(`fails and names the test that is marked as ${kind}`, async () => {
      const run = started(file(kind, `it('passes', () => {}); it.${kind}('left out', () => {});`));
      assert.equal(await run.ended, 1);
      assert.match(run.output(), /1 test.* not run.*left out \(.*\.test\.ts\)/s);
    });
  }

  it('hands options on to Node', async () => {
    const text = "it('wanted', () => {}); it('other', () => { throw new Error('no'); });";
    const run = started(file('options', text), '--test-name-pattern=wanted');
    assert.equal(await run.ended, 0);
  });

  it('fails with a message when there is no such test', async () => {
    const run = started(join(folder, 'nowhere'));
    assert.equal(await run.ended, 1);
    assert.match(run.output(), /nowhere/);
  });

  const endings = {
    'it is told to stop, even if a test will not': { signal: 'SIGTERM', stubborn: true },
    'it is killed': { signal: 'SIGKILL', stubborn: false },
  } as const;
  for (const [ending, { signal, stubborn }] of Object.entries(endings)) {
    it(`gives tests the server they ask for, and leaves nothing behind when ${ending}`, async () => {
      const run = started(
        file(
          signal,
          `import { givenKafka } from '${given}';
          it('never ends', async () => {
            ${stubborn ? "process.on('SIGTERM', () => {});" : ''}
            console.log('test process', process.pid, 'uses', await givenKafka());
            await new Promise(() => setInterval(() => {}, 1000));
          });`,
        ),
      );
      const [, brokers, java] = await said(run, /Kafka: 4\.\S+ at (\S+), process (\d+)/);
      const [, test] = await said(run, new RegExp(`test process (\\d+) uses \\[ '${brokers}' \\]`));
      run.child.kill(signal);
      assert.notEqual(await run.ended, 0);
      assert.match(run.output(), /Interrupted while running/);
      for (const pid of [java, test].map(Number)) await until(() => !isAlive(pid), { what: `process ${pid} to go` });
    });
  }
});

interface Run {
  child: ChildProcess;
  ended: Promise<number>;
  output(): string;
}

function started(...args: string[]): Run {
  // Node's runner refuses to run inside a test of its own, and this run is to start its servers itself.
  const { NODE_TEST_CONTEXT: _context, TIPLINE_TEST_KAFKA: _kafka, ...env } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../run.ts'), ...args], { stdio: 'pipe', env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, ended: once(child, 'close').then(([code]) => code), output: () => output };
}

function said(run: Run, pattern: RegExp): Promise<RegExpExecArray> {
  return until(() => pattern.exec(run.output()), { what: `the runner to say ${pattern}`, timeout: 60_000 });
}

function file(name: string, text: string): string {
  const path = join(folder, `${name}.test.ts`);
  writeFileSync(path, `import { it } from 'node:test';\n${text}\n`);
  return path;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { isAlive } from '../../services/alive.ts';
import { until } from '../../services/wait.ts';

/** What another process does that starts a server and never stops it. */
const scenes = {
  'is killed': "process.kill(process.pid, 'SIGKILL')",
  'is killed while the server is paused': "server.pause(); process.kill(process.pid, 'SIGKILL')",
  throws: "throw new Error('a test gone wrong')",
  'just ends': '',
};

describe('a server', { concurrency: 2 }, () => {
  for (const [scene, action] of Object.entries(scenes)) {
    it(`goes with its folder when the process that started it ${scene}`, async () => {
      const { pid, folder } = await abandonedBy(action);
      await until(() => !isAlive(pid) && !existsSync(folder), { what: `process ${pid} and ${folder} to go` });
    });
  }
});

async function abandonedBy(action: string): Promise<{ pid: number; folder: string }> {
  const code = `
    import { startKafka } from ${JSON.stringify(`${import.meta.dirname}/../../services/kafka.ts`)};
    const server = await startKafka();
    process.stdout.write(JSON.stringify({ pid: server.pid, folder: server.folder }) + '\\n', () => { ${action} });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  await ended;
  return JSON.parse(line);
}

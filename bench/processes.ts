import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cost } from './subject.ts';

/** A bench process and its one conversation: an order, an answer. */
export interface Talker {
  ask<T>(order: unknown): Promise<T>;
  end(): Promise<void>;
}

/** The flags that the command is started with. */
const AS_SHIPPED = ['--max-semi-space-size=16'];

export async function start(script: string, environment: Record<string, string>): Promise<Talker & { hello: unknown }> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, ...environment },
    execArgv: AS_SHIPPED,
  });
  const hello = await answerOf(child, script);
  return {
    hello,
    async ask<T>(order: unknown) {
      const answer = answerOf(child, script);
      child.send(order as object);
      return (await answer) as T;
    },
    async end() {
      const closed = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await closed;
    },
  };
}

/** Runs a script that answers once and ends. */
export async function runOnce(script: string, environment: Record<string, string>): Promise<Cost> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, ...environment },
    execArgv: AS_SHIPPED,
  });
  const answer = (await answerOf(child, script)) as Cost;
  await new Promise((resolve) => child.once('exit', resolve));
  return answer;
}

function answerOf(child: ChildProcess, script: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${script} ended with ${code} before it answered`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

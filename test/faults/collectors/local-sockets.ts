import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Lab, openLab } from '../../ingest/lab.ts';
import { until } from '../../services/wait.ts';
import type { LocalCell } from './local-files.ts';

/** What a client does before the next one sends what is to arrive. */
export const TCP_FAULTS = [
  'none',
  'reset in mid-line',
  'endless line',
  'not JSON',
  'NUL bytes',
  'idle client',
  'too many clients',
] as const;
export type TcpFault = (typeof TCP_FAULTS)[number];

export const PUSH_FAULTS = [
  'none',
  'no token',
  'wrong token',
  'body too large',
  'bomb',
  'gzip cut off',
  'not JSON',
  'HTML',
  'reset in mid-body',
  'dawdles in mid-body',
] as const;
export type PushFault = (typeof PUSH_FAULTS)[number];

const TOKEN = 'a-token-of-sixteen-and-more';
const GOOD = Array.from({ length: 20 }, (_, number) => `n${number}.example.org`);
const line = (indicator: string): string => `${JSON.stringify({ indicator })}\n`;

async function portOf(lab: Lab): Promise<number> {
  const detail = (): string => lab.health.snapshot().get('feed:local')?.detail ?? '';
  return await until(() => Number(/listens on \S+:(\d+)/.exec(detail())?.[1] ?? 0), { what: 'the listener' });
}

async function clientOf(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve).resume());
}

function ledger(lab: Lab, feed: string, fault: string, told: string[]): LocalCell {
  const complaints: string[] = [];
  const values = lab.bus.values();
  const arrived = new Set(values.flatMap(({ indicator }) => (indicator === undefined ? [] : [String(indicator)])));
  const missing = GOOD.filter((each) => !arrived.has(each));
  const invented = [...arrived].filter((each) => !GOOD.includes(each));
  if (missing.length > 0) complaints.push(`missing: ${missing.join()}`);
  if (invented.length > 0) complaints.push(`invented: ${invented.join()}`);
  const dead = values.some(({ unreadable }) => unreadable !== undefined) ? ['dead letter'] : [];
  const all = [...told, ...dead];
  if (all.length === 0 && fault !== 'none') complaints.push('nobody was told');
  return { feed, fault, told: all, delivered: values.length, complaints };
}

export async function runTcpCell(t: TestContext, fault: TcpFault): Promise<LocalCell> {
  const lab = openLab(t);
  const limits = { max_line: '1kb', ...(fault === 'idle client' ? { idle: '200ms' } : {}), max_clients: 3 };
  const worker = lab.start([{ name: 'local', type: 'tcp', listen: '127.0.0.1:0', ...limits }]);
  const port = await portOf(lab);
  const told: string[] = [];
  const [first = '', ...others] = GOOD;

  // what stands before the fault must not be lost with it
  const bad = await clientOf(t, port);
  bad.write(line(first));
  await until(() => lab.bus.records.length === 1, { what: 'the first line' });
  switch (fault) {
    case 'none':
      break;
    case 'reset in mid-line':
      bad.write('{"indicator":"half.exam');
      bad.resetAndDestroy();
      // the sender knows that it broke off, and a half line is nothing that could be told of
      told.push('connection lost');
      break;
    case 'endless line':
      for (let sent = 0; sent < 16; sent += 1) {
        if (!bad.write(Buffer.alloc(256 * 1024, 'x'))) await once(bad, 'drain');
      }
      bad.write('\n');
      break;
    case 'not JSON':
      bad.write('<html>log in</html>\n');
      break;
    case 'NUL bytes':
      bad.write(Buffer.concat([Buffer.alloc(100), Buffer.from('\n')]));
      break;
    case 'idle client':
      await closed(bad);
      told.push('cut off');
      break;
    case 'too many clients': {
      const full = [await clientOf(t, port), await clientOf(t, port)];
      await closed(await clientOf(t, port));
      await until(() => lab.logged.some(({ message }) => /turned away/.test(message)), { what: 'the log' });
      told.push('turned away');
      for (const each of full) each.destroy();
      bad.destroy();
      break;
    }
    default:
      fault satisfies never;
  }
  const dead = fault === 'not JSON' || fault === 'NUL bytes' ? 1 : 0;
  // a place may still be taken by a client that is about to be noticed as gone
  const next = await until(
    async () => {
      const socket = await clientOf(t, port);
      socket.write(line(others[0] ?? ''));
      const seen = until(() => lab.bus.records.length >= 2 + dead, { what: 'its line', timeout: 1000 });
      return (await seen.catch(() => false)) === false ? false : socket;
    },
    { what: 'a place' },
  );
  next.end(others.slice(1).map(line).join(''));
  await until(() => new Set(lab.bus.values().map(({ indicator }) => indicator)).size >= GOOD.length + dead, {
    what: 'the rest',
  });
  await worker.stop();
  if (lab.logged.some(({ fields }) => fields.too_long === 1)) told.push('too long');
  return ledger(lab, 'tcp', fault, told);
}

export async function runPushCell(t: TestContext, fault: PushFault): Promise<LocalCell> {
  const lab = openLab(t);
  const limits = { max_body: '1mb', ...(fault === 'dawdles in mid-body' ? { request_timeout: '300ms' } : {}) };
  lab.start([{ name: 'local', type: 'http-push', listen: '127.0.0.1:0', token: TOKEN, ...limits }]);
  const port = await portOf(lab);
  const told: string[] = [];
  const body = GOOD.map(line).join('');

  async function post(content: string | Buffer, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/v1/indicators`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      body: content,
    });
    await response.arrayBuffer();
    return String(response.status);
  }

  async function half(): Promise<Socket> {
    const socket = await clientOf(t, port);
    socket.write(
      `POST /v1/indicators HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 300)}`,
    );
    return socket;
  }

  switch (fault) {
    case 'none':
      break;
    case 'no token':
      told.push(await post(body, { authorization: '' }));
      break;
    case 'wrong token':
      told.push(await post(body, { authorization: `Bearer ${TOKEN}x` }));
      break;
    case 'body too large':
      told.push(await post(`${body}${' '.repeat(2 * 1024 ** 2)}`));
      break;
    case 'bomb':
      told.push(await post(gzipSync(Buffer.alloc(16 * 1024 ** 2, ' ')), { 'content-encoding': 'gzip' }));
      break;
    case 'gzip cut off':
      told.push(await post(gzipSync(body).subarray(0, 60), { 'content-encoding': 'gzip' }));
      break;
    case 'not JSON':
      told.push(await post(`${body}not json\n`));
      break;
    case 'HTML':
      told.push(await post('<!doctype html><html><body>log in</body></html>'));
      break;
    case 'reset in mid-body':
      (await half()).resetAndDestroy();
      told.push('connection lost');
      break;
    case 'dawdles in mid-body':
      await closed(await half());
      told.push('cut off');
      break;
    default:
      fault satisfies never;
  }
  const before = lab.bus.records.length;
  const status = await post(body);
  const cell = ledger(lab, 'http-push', fault, told);
  if (before > 0) cell.complaints.push(`${before} records of a request that failed were taken`);
  if (status !== '202') cell.complaints.push(`the good request is answered ${status}`);
  if (told.some((word) => /^[23]/.test(word))) cell.complaints.push(`the bad request is answered ${told.join()}`);
  return cell;
}

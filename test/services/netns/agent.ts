/**
 * Runs inside a namespace: `node agent.ts PORT ADDRESS…`. Echoes on every address over TCP and UDP, and does on request
 * what a client does: one JSON request a line on standard input, one reply a line on standard output.
 * Ends with its standard input, so it never outlives the test.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Route {
  to: string;
  port: number;
  /** Of this place's addresses the one to send from; the kernel chooses when it is absent. */
  sourceAddress?: string | undefined;
}

export type Request = { id: number } & (
  | ({ do: 'probe'; protocol: 'tcp' | 'udp' } & Route)
  | ({ do: 'open'; flow: number } & Route)
  | { do: 'echo' | 'close'; flow: number }
);
export interface Reply {
  id: number;
  ok: boolean;
}

/** How long bytes may be on their way. */
const deadline = 1000;
const flows = new Map<number, Socket>();

if (import.meta.main) {
  const [port, ...own] = process.argv.slice(2);
  await Promise.all(own.flatMap((address) => [echoTcp(address, Number(port)), echoUdp(address, Number(port))]));
  process.stdout.write('ready\n');
  createInterface(process.stdin)
    .on('line', async (line) => {
      const request: Request = JSON.parse(line);
      const reply: Reply = { id: request.id, ok: await answer(request).catch(() => false) };
      process.stdout.write(`${JSON.stringify(reply)}\n`);
    })
    .on('close', () => process.exit());
}

async function answer(request: Request): Promise<boolean> {
  switch (request.do) {
    case 'probe':
      return request.protocol === 'udp' ? probeUdp(request) : probeTcp(request);
    case 'open': {
      const socket = await open(request);
      flows.set(request.flow, socket);
      return true;
    }
    case 'echo': {
      const socket = flows.get(request.flow);
      return socket !== undefined && !socket.destroyed && roundTrip(socket);
    }
    case 'close':
      flows.get(request.flow)?.destroy();
      return flows.delete(request.flow);
    default: {
      const never: never = request;
      return never;
    }
  }
}

async function echoTcp(address: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(server.listen({ host: address, port }), 'listening');
}

/** One socket an address: the reply to a datagram must leave from the address it was sent to. */
async function echoUdp(address: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address, () => {}));
  socket.bind(port, address);
  await once(socket, 'listening');
}

async function open({ to, port, sourceAddress }: Route): Promise<Socket> {
  const socket = connect({ host: to, port, ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(deadline) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // A flow that is cut later must not end this program.
  socket.on('error', () => {});
  return socket;
}

async function probeTcp(route: Route): Promise<boolean> {
  const socket = await open(route);
  try {
    return await roundTrip(socket);
  } finally {
    socket.destroy();
  }
}

/** Sends random bytes and says whether the same ones came back in time. */
async function roundTrip(socket: Socket): Promise<boolean> {
  const sent = randomBytes(32);
  const got: Buffer[] = [];
  const signal = AbortSignal.timeout(deadline);
  socket.write(sent);
  while (Buffer.concat(got).length < sent.length) {
    const [chunk] = await once(socket, 'data', { signal });
    got.push(chunk);
  }
  return Buffer.concat(got).equals(sent);
}

async function probeUdp({ to, port, sourceAddress }: Route): Promise<boolean> {
  const sent = randomBytes(32);
  const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4');
  try {
    socket.bind(0, sourceAddress);
    await once(socket, 'listening');
    const reply = once(socket, 'message', { signal: AbortSignal.timeout(deadline) });
    socket.send(sent, port, to, () => {});
    const [bytes] = await reply;
    return sent.equals(bytes);
  } finally {
    socket.close();
  }
}

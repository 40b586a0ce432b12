import type { Server, Socket } from 'node:net';
import { descriptorLimit, descriptorOf, openToClients } from './descriptors.ts';
import { codeOf } from './errors.ts';

/**
 * Why a client was let go of before it said anything of use: all places are taken; it did nothing with its place while others
 * waited; the process runs short of file descriptors.
 */
export type Crowded = 'full' | 'idle' | 'descriptors';

export interface DoorOptions {
  /** Connections at once. */
  most: number;
  /** File descriptors that its clients leave to others. */
  keptBack?: number;
  /** Told for each client that is let go of, before or after it had a place. */
  turnedAway(reason: Crowded): void;
}

/** Keeps the places of a server for clients that do something with them. */
export interface Door {
  /** The client has shown what it is here for: it keeps its place, however many come. */
  earned(socket: Socket): void;
  /** Lets all go. */
  clear(): void;
}

const KEPT_BACK = 64;
/** So long every client has its place, whoever waits. */
const GRACE_MS = 1000;

/**
 * Counts the connections of `server`, those that are still in their TLS handshake too. When all places are taken, a newcomer gets that of
 * the client that waited longest without having earned it: a hundred that trickle a byte at a time keep nobody out. Without
 * descriptors to spare nobody new is let in; that ends no process and no connection there is. A newcomer is closed and not left waiting: Node
 * cannot pause a server that listens, and the kernel would take records of whoever waits that nobody reads. Where files took the last
 * descriptor, libuv closes newcomers by one that it keeps for that, without a word to us.
 */
export function keepDoor(server: Server, { most, keptBack = KEPT_BACK, turnedAway }: DoorOptions): Door {
  const open = openToClients(descriptorLimit(), keptBack);
  const sockets = new Set<Socket>();
  /** Those that have not earned their place, by address, since a TLS socket is another object than the one that came; oldest first. */
  const waiting = new Map<string, { socket: Socket; since: number }>();

  server.on('connection', (socket: Socket) => {
    if (descriptorOf(socket) >= open && !makeRoom()) return refuse(socket, 'descriptors');
    if (sockets.size >= most && !makeRoom()) return refuse(socket, 'full');
    const name = nameOf(socket);
    sockets.add(socket);
    waiting.set(name, { socket, since: performance.now() });
    socket.once('close', () => {
      sockets.delete(socket);
      if (waiting.get(name)?.socket === socket) waiting.delete(name);
    });
  });
  server.on('error', (error) => {
    if (isShortage(error)) turnedAway('descriptors');
  });

  function refuse(socket: Socket, reason: Crowded): void {
    socket.destroy();
    turnedAway(reason);
  }

  function makeRoom(): boolean {
    const [oldest] = waiting;
    if (oldest === undefined) return false;
    const [name, { socket, since }] = oldest;
    if (performance.now() - since < GRACE_MS) return false;
    waiting.delete(name);
    sockets.delete(socket);
    refuse(socket, 'idle');
    return true;
  }

  return {
    earned: (socket) => void waiting.delete(nameOf(socket)),
    clear() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The system had no descriptor or memory for one more connection: that passes, and says nothing of the server. */
export function isShortage(error: unknown): boolean {
  return /^(EMFILE|ENFILE|ENOBUFS|ENOMEM)$/.test(codeOf(error));
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import type { Upstream } from './upstream.ts';

const KEEP_ALIVE_MS = 60_000;

/** Its own factory, which ours copies. */
export const ownSockets: Upstream = {
  module: 'network/socketFactory.js',
  sha256: '1493fc580263350fdbe75fa633b6df70f39d4b11d0520b45243cb1df45168577',
};

/**
 * Sockets for kafkajs, made as its own factory makes them, with two differences. One who is done with a client gets no more of them:
 * kafkajs goes on connecting after `disconnect` when it was just waiting for its next attempt. And the limit of listeners is off: while a
 * broker is away kafkajs says `unref` to its dead sockets at every attempt, each time with a listener and soon with a warning.
 */
export function createSocketFactory(inUse: () => boolean, opened: (socket: net.Socket) => void): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    if (!inUse()) throw new Error('the client is closed');
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setMaxListeners(0);
    opened(socket);
    return socket;
  };
}

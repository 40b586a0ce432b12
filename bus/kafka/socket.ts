import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/** Sockets for kafkajs. Its own factory makes the same, but for the last line. */
export const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  // While a broker is away kafkajs says `unref` to its dead sockets at every attempt, each time with a listener and soon with a warning.
  socket.setMaxListeners(0);
  return socket;
};

/**
 * Somebody who reaches a port of tipline, to be run where he sits: sends the JSON lines of a file, in several connections at once, and
 * ends with an error when they are not taken.
 *
 *   node outsider.ts tcp  HOST PORT FILE
 *   node outsider.ts push HOST PORT FILE TOKEN
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const CONNECTIONS = 5;
/** Lines of a piece: one connection, or one request. */
const PIECE = 2500;

const [way = '', host = '', port = '', file = '', token = ''] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const pieces: string[] = [];
for (let at = 0; at < lines.length; at += PIECE) pieces.push(`${lines.slice(at, at + PIECE).join('\n')}\n`);
const send = way === 'tcp' ? byTcp : byPush;
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) await send(piece);
  }),
);

async function byTcp(text: string): Promise<void> {
  const socket = connect({ host, port: Number(port) });
  // the far end closes when it has read all
  const closed = once(socket.resume(), 'close');
  socket.end(text);
  await closed;
}

async function byPush(text: string): Promise<void> {
  const response = await fetch(`http://${host}:${port}/v1/indicators`, {
    method: 'POST',
    body: text,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
}

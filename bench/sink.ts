import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A process that answers like Elasticsearch and keeps the current documents in memory, so that a bench measures the sender alone.
 * Started by fork; sends its URL to the parent. `POST /-/reset` forgets everything; `GET /-/counts` tells what came;
 * `POST /-/record?on=1` keeps the bodies of mget and bulk for `GET /-/recording`.
 */
const current = new Map<string, { version: number; source: Buffer }>();
const counts = { bulks: 0, bytes: 0, history: 0, current: 0, plain: 0, mgets: 0, asked: 0 };
let recording: { path: string; body: string }[] | undefined;

const server = createServer(async (request, response) => {
  const body = await readBody(request);
  const url = new URL(request.url ?? '/', 'http://sink');
  response.setHeader('x-elastic-product', 'Elasticsearch');
  response.setHeader('content-type', 'application/json');
  const [path] = url.pathname.split('?');
  if (path === '/_bulk') {
    recording?.push({ path: request.url ?? '', body: body.toString('latin1') });
    return response.end(bulk(body, url.searchParams.get('filter_path') ?? ''));
  }
  if (path?.endsWith('/_mget')) {
    recording?.push({ path: request.url ?? '', body: body.toString('latin1') });
    return response.end(mget(body));
  }
  if (path === '/-/reset') {
    current.clear();
    Object.assign(counts, { bulks: 0, bytes: 0, history: 0, current: 0, plain: 0, mgets: 0, asked: 0 });
    return response.end('{}');
  }
  if (path === '/-/record') {
    recording = url.searchParams.get('on') === '1' ? [] : undefined;
    return response.end('{}');
  }
  if (path === '/-/recording') return response.end(JSON.stringify(recording ?? []));
  if (path === '/-/counts') return response.end(JSON.stringify({ ...counts, documents: current.size }));
  return response.end(
    JSON.stringify({ version: { number: '8.19.0', build_flavor: 'default' }, tagline: 'You Know, for Search' }),
  );
});

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

const NEWLINE = 10;

function bulk(body: Buffer, filter: string): string {
  counts.bulks += 1;
  counts.bytes += body.length;
  const items: string[] = [];
  for (let at = 0; at < body.length; ) {
    const metaEnd = body.indexOf(NEWLINE, at);
    const meta = body.toString('latin1', at, metaEnd);
    const end = body.indexOf(NEWLINE, metaEnd + 1);
    const id = /"_id":"([^"]+)"/.exec(meta)?.[1] ?? '';
    const version = /"version":(\d+)/.exec(meta)?.[1];
    if (version !== undefined) {
      counts.current += 1;
      current.set(id, { version: Number(version), source: Buffer.from(body.subarray(metaEnd + 1, end)) });
    } else if (meta.startsWith('{"create"')) counts.history += 1;
    else counts.plain += 1;
    items.push(meta.startsWith('{"create"') ? '{"create":{"status":201}}' : '{"index":{"status":200}}');
    at = end + 1;
  }
  return filter.includes('items')
    ? `{"took":1,"errors":false,"items":[${items.join(',')}]}`
    : '{"took":1,"errors":false}';
}

function mget(body: Buffer): Buffer {
  const { ids = [], docs = [] } = JSON.parse(body.toString()) as { ids?: string[]; docs?: { _id: string }[] };
  counts.mgets += 1;
  const pieces: Buffer[] = [Buffer.from('{"docs":[')];
  [...ids, ...docs.map((doc) => doc._id)].forEach((id, n) => {
    counts.asked += 1;
    const known = current.get(id);
    const comma = n === 0 ? '' : ',';
    if (known === undefined) pieces.push(Buffer.from(`${comma}{"_index":"i","_id":"${id}","found":false}`));
    else {
      pieces.push(
        Buffer.from(
          `${comma}{"_index":"i","_id":"${id}","_version":${known.version},"found":true,"_source":${sourceOf(known.source)}}`,
        ),
      );
    }
  });
  pieces.push(Buffer.from(']}'));
  return Buffer.concat(pieces);
}

/** Only the fields that the store asks for, as a server would answer. */
function sourceOf(source: Buffer): string {
  const document = JSON.parse(source.toString()) as {
    '@timestamp': string;
    event: { action: string; provider: string };
    threat: { indicator: { first_seen: string } };
    tipline: unknown;
  };
  return JSON.stringify({
    '@timestamp': document['@timestamp'],
    event: { action: document.event.action, provider: document.event.provider },
    threat: { indicator: { first_seen: document.threat.indicator.first_seen } },
    tipline: document.tipline,
  });
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.on('disconnect', () => process.exit(0));

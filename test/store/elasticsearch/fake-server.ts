import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One action of a bulk with its document, as the server read it. */
export interface BulkItem {
  op: 'create' | 'index';
  index: string;
  id: string;
  version: number | undefined;
  document: unknown;
}

export interface ItemFault {
  status: number;
  type: string;
  reason?: string;
}

/** What goes wrong with one request. Without any of it the request is served. */
export interface Fault {
  /** Answers so, and does nothing else. */
  answer?: { status: number; body?: unknown; contentType?: string };
  /**
   * Serves it, and never answers (`hang`), or closes the connection instead (`reset`); `dead` closes it without
   * serving.
   */
  reply?: 'hang' | 'reset' | 'dead';
  /** Answers the whole bulk so because of what is in it; undefined: it is served. */
  whole?: (items: readonly BulkItem[]) => Fault['answer'];
  /** These items fail, the others are served. */
  items?: (item: BulkItem) => ItemFault | undefined;
  /** Serves it this much later, ms. */
  delay?: number;
}

export interface Seen {
  path: string;
  bytes: number;
  items: number;
}

/** What it says of itself: any version, and whether it is Elasticsearch at all. */
export interface Greeting {
  version?: unknown;
  product?: boolean;
}

export interface FakeServer {
  readonly url: string;
  /** Documents by index, then id. */
  readonly indices: Map<string, Map<string, { version: number; document: unknown }>>;
  /** `_bulk` and `_mget` requests, in order of arrival. */
  readonly seen: Seen[];
  /** Most bulks that were open at one time. */
  mostOpen: number;
  /** The next requests, one fault each; then `always` holds. */
  next(...faults: Fault[]): void;
  always: Fault | ((seen: Seen) => Fault);
  close(): Promise<void>;
}

/**
 * Stands in for Elasticsearch where a real one cannot be made to fail at will: it serves `_bulk` and `_mget` with their
 * real semantics (create, external versions, positions), and fails as it is told.
 */
export async function startFakeServer({ version = '8.19.0', product = true }: Greeting = {}): Promise<FakeServer> {
  const indices: FakeServer['indices'] = new Map();
  const faults: Fault[] = [];
  let open = 0;

  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://fake');
    if (product) response.setHeader('x-elastic-product', 'Elasticsearch');
    if (url.pathname === '/') return send(response, 200, { version: { number: version } });
    if (!url.pathname.endsWith('/_bulk') && !url.pathname.endsWith('/_mget')) return send(response, 404, {});

    const items = url.pathname.endsWith('/_bulk') ? parseBulk(body) : [];
    const seen: Seen = { path: url.pathname, bytes: body.length, items: items.length };
    fake.seen.push(seen);
    open += 1;
    fake.mostOpen = Math.max(fake.mostOpen, open);
    try {
      const fault = faults.shift() ?? (typeof fake.always === 'function' ? fake.always(seen) : fake.always);
      if (fault.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delay));
      const answered = fault.answer ?? fault.whole?.(items);
      if (answered !== undefined) {
        const { status, body: answer = {}, contentType } = answered;
        return send(response, status, answer, contentType);
      }
      if (fault.reply === 'dead') return void response.socket?.destroy();
      const answer = url.pathname.endsWith('/_bulk')
        ? bulk(items, fault.items ?? (() => undefined))
        : mget(decodeURIComponent(url.pathname.split('/')[1] ?? ''), JSON.parse(body.toString()).ids);
      if (fault.reply === 'hang') return;
      if (fault.reply === 'reset') return void response.socket?.destroy();
      send(response, 200, answer);
    } finally {
      open -= 1;
    }
  }

  function bulk(items: readonly BulkItem[], fails: (item: BulkItem) => ItemFault | undefined): unknown {
    const answers = items.map((item) => {
      const fault = fails(item);
      if (fault !== undefined) return { [item.op]: errorOf(fault, item.index) };
      const documents = indices.get(item.index) ?? new Map();
      indices.set(item.index, documents);
      const there = documents.get(item.id);
      const conflict =
        item.op === 'create' ? there !== undefined : there !== undefined && there.version >= (item.version ?? 0);
      if (conflict)
        return { [item.op]: errorOf({ status: 409, type: 'version_conflict_engine_exception' }, item.index) };
      documents.set(item.id, { version: item.version ?? 1, document: item.document });
      return { [item.op]: { status: there === undefined ? 201 : 200 } };
    });
    return { errors: answers.some((answer) => JSON.stringify(answer).includes('"error"')), items: answers };
  }

  function mget(index: string, ids: readonly string[]): unknown {
    const docs = ids.map((id) => {
      const there = indices.get(index)?.get(id);
      if (there === undefined) return { _id: id, found: false };
      return { _id: id, found: true, _version: there.version, _seq_no: 0, _primary_term: 1, _source: there.document };
    });
    return { docs };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeServer = {
    url: `http://127.0.0.1:${port}`,
    indices,
    seen: [],
    mostOpen: 0,
    always: {},
    next: (...more) => faults.push(...more),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

function parseBulk(body: Buffer): BulkItem[] {
  const lines = body.toString().split('\n');
  const items: BulkItem[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [[op, meta] = []] = Object.entries<Record<string, unknown>>(JSON.parse(lines[at] ?? ''));
    if ((op !== 'create' && op !== 'index') || meta === undefined) throw new Error(`not an action: ${lines[at]}`);
    const version = typeof meta.version === 'number' ? meta.version : undefined;
    items.push({
      op,
      index: String(meta._index),
      id: String(meta._id),
      version,
      document: parseDocument(lines[at + 1]),
    });
  }
  return items;
}

/** The server finds out later, item by item, that a document is no JSON. */
function parseDocument(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return line;
  }
}

function errorOf({ status, type, reason = type }: ItemFault, index: string): unknown {
  return { status, error: { type, reason, index } };
}

function send(response: ServerResponse, status: number, body: unknown, contentType = 'application/json'): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { keepDoor } from './door.ts';
import { TiplineError } from './errors.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface StatusServer {
  /** `http://127.0.0.1:9600` */
  readonly url: string;
  close(): Promise<void>;
}

/** So many connections at once: a scraper, some probes and an operator. */
const MOST_CONNECTIONS = 16;
/** Less than other doors keep: when clients of feeds took all they may, the page still tells. */
const KEPT_BACK = 32;

export interface StatusOptions {
  /** `host:port`; port 0 takes a free one. */
  listen: string;
  /** Names under which it may be asked for besides its address and localhost. */
  hosts?: readonly string[];
  health: Health;
  metrics: Metrics;
}

/**
 * Serves /healthz (the process lives), /readyz (all parts are up, else 503 with what is down) and /metrics (Prometheus).
 * It has no authentication, so it listens on loopback unless the operator says otherwise, and answers only who asks for it by a name of its
 * own: a web page whose name was made to point here (DNS rebinding) asks for that name.
 */
export async function serveStatus({ listen, hosts = [], health, metrics }: StatusOptions): Promise<StatusServer> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(listen.slice(at + 1));
  const isOurs = ownHosts(host, hosts);
  const turnedAway = metrics.counter('tipline_status_turned_away_total', 'Clients of the status page let go of', [
    'reason',
  ]);

  const server = createServer({ connectionsCheckingInterval: 1_000 }, (request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (!isOurs(request.headers.host)) {
      turnedAway(1, { reason: 'host' });
      return answer(
        response,
        421,
        'text/plain',
        'this page has another name: http.hosts of the configuration adds one\n',
      );
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'only GET\n');
    switch (path) {
      case '/healthz':
        return answer(response, 200, 'text/plain', 'alive\n');
      case '/readyz':
        return answer(response, health.ready() ? 200 : 503, 'application/json', `${JSON.stringify(report(health))}\n`);
      case '/metrics':
        metrics.render().then(
          (text) => answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', text),
          () => answer(response, 500, 'text/plain', 'metrics cannot be rendered\n'),
        );
        return;
      default:
        return answer(response, 404, 'text/plain', 'try /healthz, /readyz or /metrics\n');
    }
  });
  // nobody earns a place for good here: a probe asks again
  keepDoor(server, { most: MOST_CONNECTIONS, keptBack: KEPT_BACK, turnedAway: (reason) => turnedAway(1, { reason }) });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TiplineError(
          'HTTP_LISTEN',
          `The status page cannot listen on ${listen}; set http.listen to a free address, or to off.`,
          { cause, retryable: false },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  // too many open files, for one: a status page must not end the process that it tells of
  server.on('error', () => {});
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Tells whether a Host header names this page. A name that is an address cannot be made to point elsewhere, so beyond loopback, where the
 * machine may be reached under addresses it does not know itself, any will do. No browser leaves the header out.
 */
function ownHosts(listen: string, names: readonly string[]): (header: string | undefined) => boolean {
  const own = new Set(['localhost', '127.0.0.1', '::1', listen, ...names].map((name) => name.toLowerCase()));
  const beyond = !/^(127\.|::1$|localhost$)/.test(listen);
  return (header) => {
    if (header === undefined) return true;
    const name = (/^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(header)?.[1] ?? '').replace(/^\[|\]$/g, '').toLowerCase();
    return own.has(name) || (beyond && isIP(name) !== 0);
  };
}

function report(health: Health): Record<string, unknown> {
  return {
    ready: health.ready(),
    parts: Object.fromEntries(
      [...health.snapshot()].map(([part, { state, detail, since }]) => [
        part,
        { state, detail, since: new Date(since).toISOString() },
      ]),
    ),
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TiplineError } from './errors.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface StatusServer {
  /** `http://127.0.0.1:9600` */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves /healthz (the process lives), /readyz (all parts are up, else 503 with what is down) and /metrics (Prometheus).
 * It has no authentication, so it listens on loopback unless the operator says otherwise.
 */
export async function serveStatus(listen: string, health: Health, metrics: Metrics): Promise<StatusServer> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(listen.slice(at + 1));

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
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
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
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

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { codeOf } from '../../../core/process/errors.ts';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { type TransportedFetcher, transported, transportOf } from '../../../ingest/fetch/transport.ts';

/**
 * A program of its own, in a network that nobody else is in: 9.9.9.9 and 9.9.9.10 stand for the internet, the other addresses for what
 * must not be reached from there. Prints what each case gave, and how often what is inside was reached.
 */
const PORT = 8080;
const PROXY_PORT = 3128;
const INSIDE = ['127.0.0.1', '10.1.2.3', '10.1.2.4', '169.254.169.254', '100.64.0.1', '::1'];
let reached = 0;

function serve(name: string, host: string, port: number, answered: () => void = () => {}): Promise<void> {
  const server = createServer((request, response) => {
    const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (to === null) answered();
    response.writeHead(to === null ? 200 : 302, { connection: 'close', ...(to === null ? {} : { location: to }) });
    response.end(`list of ${name}`);
  });
  return new Promise((resolve) => server.listen(port, host, resolve));
}

for (const host of ['9.9.9.9', '9.9.9.10']) await serve(host, host, PORT);
for (const host of INSIDE) {
  await serve(host, host, PORT, () => {
    reached += 1;
  });
}
await serve('the proxy', '127.0.0.1', PROXY_PORT);

const shared = createFetcher();
const feed = (section: object): TransportedFetcher => transported(shared, transportOf(section));
const at = (host: string): string => `http://${host}:${PORT}/list`;
const via = (host: string, to: string): string => `${at(host)}?to=${encodeURIComponent(to)}`;

async function got(fetcher: TransportedFetcher, url: string): Promise<string> {
  const before = reached;
  try {
    const answer = await fetcher.get({ url, maxBytes: 1000, signal: AbortSignal.timeout(10_000) });
    if (answer.kind !== 'list') return answer.kind;
    let text = '';
    for await (const chunk of answer.bytes) text += chunk;
    return text;
  } catch (error) {
    return `${codeOf(error)}${reached > before ? ' but it was reached' : ''}`;
  }
}

const said: Record<string, unknown> = {};
const home = { url: at('public.example') };
const places = [...INSIDE.map((host) => (host.includes(':') ? `[${host}]` : host)), 'localhost', 'inside.example'];
const forms = ['0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '[64:ff9b::a01:203]', 'mixed.example', '0.0.0.0'];
for (const host of [...places, ...forms]) {
  const fetcher = feed(home);
  said[`redirected to ${host}`] = await got(fetcher, via('public.example', at(host)));
  said[`told of ${host}`] = await got(fetcher, at(host));
}
said['redirected within the internet'] = await got(feed(home), via('public.example', at('other.example')));
said.allowed = await got(feed({ ...home, allow_private: true }), via('public.example', at('127.0.0.1')));
said['written down'] = await got(feed({ url: at('127.0.0.1') }), at('127.0.0.1'));
said['written down by name'] = await got(feed({ deep: [{ url: at('Inside.example') }] }), at('inside.example'));
said['from inside to inside'] = await got(feed({ url: at('inside.example') }), via('inside.example', at('10.1.2.4')));
said['from inside to metadata'] = await got(
  feed({ url: at('inside.example') }),
  via('inside.example', at('169.254.169.254')),
);
said['name of the metadata, written down'] = await got(feed({ url: at('metadata.example') }), at('metadata.example'));
const proxied = feed({ ...home, proxy: `http://127.0.0.1:${PROXY_PORT}` });
said['through a proxy inside'] = await got(proxied, at('public.example'));
said['through a proxy to an address inside'] = await got(proxied, via('public.example', at('10.1.2.3')));

// the name is made to point elsewhere, once it has been asked for
const rebound = feed(home);
said['before the name moved'] = await got(rebound, at('public.example'));
writeFileSync('/etc/hosts', readFileSync('/etc/hosts', 'utf8').replace('9.9.9.9 public', '127.0.0.1 public'));
said['after the name moved'] = await got(rebound, at('public.example'));
console.log(JSON.stringify(said));
process.exit(0);

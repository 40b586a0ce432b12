import { readFileSync } from 'node:fs';
import {
  Client,
  type ClientOptions,
  errors,
  Transport,
  type TransportRequestOptions,
  type TransportRequestParams,
} from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { fromClientError } from './error.ts';

/** Connections to each node: two bulks of a call, one of another, one for everything else. */
const CONNECTIONS = 4;

/**
 * The client, with errors made safe for every call, also for those that the client's own methods make.
 *
 * It never retries: its retries of 502 to 504 come without a delay, of 429 not at all, and a retry that nobody sees
 * makes a lost reply look like somebody else's write. Waiting is done in persist.ts. There is no gzip: it costs seven
 * times the CPU of the rest of a bulk.
 *
 * Do not pass `requestTimeout` to single calls: where it differs from the client's, the client tells of its timeout by
 * dispatching `abort` on the signal that the CALLER passed in.
 */
export function createClient(config: ElasticsearchConfig): Client {
  const options: ClientOptions = {
    nodes: config.nodes,
    name: 'tipline',
    Transport: SafeTransport,
    maxRetries: 0,
    compression: false,
    requestTimeout: config.request_timeout,
    enableMetaHeader: false,
    agent: { connections: CONNECTIONS },
  };
  const auth = authOf(config);
  if (auth !== undefined) options.auth = auth;
  if (config.ca !== undefined) options.tls = { ca: readAuthority(config.ca) };
  try {
    return new Client(options);
  } catch (error) {
    if (error instanceof errors.ElasticsearchClientError) throw fromClientError(error);
    throw error;
  }
}

class SafeTransport extends Transport {
  override async request<T>(params: TransportRequestParams, options?: TransportRequestOptions): Promise<T> {
    try {
      return await super.request<T>(params, options);
    } catch (error) {
      throw fromClientError(error);
    }
  }
}

function authOf(config: ElasticsearchConfig): ClientOptions['auth'] {
  if (config.api_key !== undefined) return { apiKey: config.api_key };
  if (config.username === undefined && config.password === undefined) return undefined;
  if (config.username === undefined || config.password === undefined) {
    throw new TiplineError('STORE_CONFIG', 'store.username and store.password go together', { retryable: false });
  }
  return { username: config.username, password: config.password };
}

function readAuthority(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TiplineError('STORE_CONFIG', `store.ca: cannot read ${path}`, { cause, retryable: false });
  }
}

/** The nodes as they may be shown: without the credentials that an address can hold. */
export function displayNodes(nodes: readonly string[]): string {
  return nodes
    .map((node) => {
      const url = new URL(node);
      return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
    })
    .join(', ');
}

/** True when credentials would cross a network unencrypted. */
export function sendsSecretsInClear(config: ElasticsearchConfig): boolean {
  return config.nodes.some((node) => {
    const url = new URL(node);
    const secret = config.api_key !== undefined || config.password !== undefined || url.password !== '';
    return secret && url.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  });
}

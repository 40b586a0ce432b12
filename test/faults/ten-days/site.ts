import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { indicatorId } from '../../../core/indicator/id.ts';
import type { SteppedClock } from '../../ingest/stepped-clock.ts';
import type { Reply, Seen } from '../collectors/faults.ts';
import type { Stand } from '../collectors/stand.ts';
import { DAY, HOUR, SECOND } from './time.ts';

/**
 * What a server does wrong, from an hour of the ten days on. The first three for so many hours; `asks-…` once, by asking to be left alone
 * for so many hours: with Retry-After in seconds or as a date, or in PhishTank's own way.
 */
export interface Trouble {
  kind: 'fails' | 'cut-gzip' | 'log-in-page' | 'asks-in-seconds' | 'asks-by-date' | 'asks-by-interval';
  from: number;
  hours: number;
}

export interface SiteOptions {
  stand: Stand;
  clock: SteppedClock;
  start: number;
  /** Milliseconds between editions, and when the last one comes out. */
  edits: number;
  lastEdition: number;
  troubles: readonly Trouble[];
  /** Calls that it allows on one day in UTC, told with each answer. */
  daily?: number | undefined;
}

/** A source behind a server on loopback that lives by the simulated clock. */
export interface Site {
  readonly stand: Stand;
  readonly url: string;
  /** When each request came, epoch ms. */
  readonly requests: number[];
  /** Requests that came although it had asked to be left alone, or above its quota. */
  readonly unwelcome: string[];
  /** How often each trouble struck. */
  readonly struck: Map<Trouble['kind'], number>;
  /** The edition that is out, and when it came out. */
  readonly edition: number;
  readonly editedAt: number;
  /** The last edition that was asked for while it was out, and the ids of what stood on all of those. */
  readonly seenEdition: number;
  readonly visible: ReadonlySet<string>;
  /** How many indicators all editions told. */
  readonly told: number;
  /** Ids of what stands on an edition. */
  idsOf(edition: number): string[];
  close(): void;
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const { stand, clock, start, edits, lastEdition, troubles, daily } = options;
  const requests: number[] = [];
  const unwelcome: string[] = [];
  const struck: Site['struck'] = new Map();
  const visible = new Set<string>();
  const asked = new Set<Trouble>();
  let closedUntil = 0;
  let edition = 1;
  let editedAt = start;
  let seenEdition = 0;
  const source = stand.open({ now: () => editedAt });

  // made before the first day, so that the days make none
  const editions = 1 + Math.floor(lastEdition / edits);
  const ids = Array.from({ length: editions }, (_, index) => stand.told(index + 1).map((told) => indicatorId(told)));
  const idsOf = (of: number): string[] => ids[of - 1] ?? [];

  /** Editions come out at their own times, which is noticed with the first request after. */
  function edit(): void {
    while (editedAt + edits <= Math.min(clock.at, start + lastEdition)) {
      editedAt += edits;
      edition += 1;
      source.publish();
    }
  }

  /** A list that nobody asked for while an edition was out told nobody of it. */
  function show(): void {
    if (seenEdition === edition) return;
    seenEdition = edition;
    for (const id of idsOf(edition)) visible.add(id);
  }

  function troubleNow(): Trouble | undefined {
    const hour = (clock.at - start) / HOUR;
    return troubles.find((each) =>
      each.kind.startsWith('asks')
        ? each.from <= hour && !asked.has(each)
        : each.from <= hour && hour < each.from + each.hours,
    );
  }

  function count(kind: Trouble['kind']): void {
    struck.set(kind, (struck.get(kind) ?? 0) + 1);
  }

  function strike(trouble: Trouble, reply: Reply, response: ServerResponse): void {
    count(trouble.kind);
    const until = clock.at + trouble.hours * HOUR;
    if (trouble.kind.startsWith('asks')) {
      asked.add(trouble);
      closedUntil = Math.floor(until / SECOND) * SECOND;
    }
    end(response, wrongReply(trouble, reply, until));
  }

  /** What AbuseIPDB says of its calls of the day with each answer. */
  function quotaNow(most: number): { left: number; headers: Record<string, string> } {
    const midnight = Math.floor(clock.at / DAY) * DAY;
    const left = most - requests.filter((at) => at >= midnight).length;
    return {
      left,
      headers: {
        'x-ratelimit-limit': String(most),
        'x-ratelimit-remaining': String(Math.max(0, left)),
        'x-ratelimit-reset': String((midnight + DAY) / SECOND),
      },
    };
  }

  function end(response: ServerResponse, { status, headers, body }: Reply): void {
    // its own clock is the simulated one
    response.writeHead(status, { ...headers, date: new Date(clock.at).toUTCString() });
    response.end(body);
  }

  const server = createServer(async (request, response) => {
    const seen = await seenOf(request);
    requests.push(clock.at);
    if (clock.at < closedUntil) unwelcome.push(`${(closedUntil - clock.at) / SECOND} s before its time`);
    edit();
    const reply = source.answer(seen);
    const quota = daily === undefined ? undefined : quotaNow(daily);
    if (quota !== undefined && quota.left < 0) {
      unwelcome.push('above the quota of the day');
      end(response, { status: 429, headers: quota.headers, body: '' });
      return;
    }
    const trouble = troubleNow();
    // in the midst of what it has to say, and not with the first handshake
    const isContent = reply.page !== undefined || reply.status === 304;
    if (trouble !== undefined && (trouble.kind === 'fails' || isContent)) {
      strike(trouble, reply, response);
      return;
    }
    if (isContent) show();
    end(response, { ...reply, headers: { ...reply.headers, ...quota?.headers } });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    stand,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unwelcome,
    struck,
    visible,
    idsOf,
    get edition() {
      return edition;
    },
    get editedAt() {
      return editedAt;
    },
    get told() {
      return ids.slice(0, edition).flat().length;
    },
    get seenEdition() {
      return seenEdition;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const LOG_IN =
  '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action="/login"></form></body></html>';

/** What comes instead of `reply`. */
function wrongReply({ kind, hours }: Trouble, reply: Reply, until: number): Reply {
  const refused = (status: number, name: string, value: string): Reply => ({
    status,
    headers: { [name]: value },
    body: '',
  });
  switch (kind) {
    case 'fails':
      return { status: 500, headers: {}, body: 'not now' };
    case 'cut-gzip': {
      const whole = gzipSync(reply.body);
      const headers = { ...reply.headers, 'content-encoding': 'gzip' };
      return { status: 200, headers, body: whole.subarray(0, whole.length >> 1) };
    }
    case 'log-in-page':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: LOG_IN };
    case 'asks-in-seconds':
      return refused(429, 'retry-after', String(hours * 3600));
    case 'asks-by-date':
      return refused(503, 'retry-after', new Date(until).toUTCString());
    case 'asks-by-interval':
      return refused(509, 'x-request-limit-interval', `${hours * 3600} Seconds`);
  }
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  return { method, url, headers, body: Buffer.concat(chunks).toString() };
}

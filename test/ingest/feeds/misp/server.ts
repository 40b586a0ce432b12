import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { listening } from '../../web.ts';

export interface ServedAttribute {
  id: number;
  uuid: string;
  event: string;
  type: string;
  value: string;
  category: string;
  timestamp: number;
  to_ids: boolean;
  deleted: boolean;
  tags: string[];
}

export interface ServedEvent {
  id: number;
  uuid: string;
  timestamp: number;
  publish_timestamp: number;
  published: boolean;
  org: string;
  tags: string[];
}

type Body = Record<string, unknown>;

export interface Asked {
  path: string;
  body: Body;
  headers: IncomingMessage['headers'];
}

/** As much of a MISP as is asked of it, with the order, the inclusive times and the headers of a real one. */
export interface MispServer {
  url: string;
  attributes: ServedAttribute[];
  events: Map<string, ServedEvent>;
  asked: Asked[];
  /** Second that the server's clock shows. */
  clock: number;
  /** Answers instead; false leaves the request to the server. */
  meddle: (asked: Asked, response: ServerResponse) => boolean;
  /** Values that the server's own lists take out of a page after it was counted. */
  takenOut: Set<string>;
  /** Tells X-Skipped-Elements-Count, which older versions do not. */
  tellsSkipped: boolean;
  /** Publishes an event of which these are the attributes. */
  add(event: Partial<ServedEvent>, attributes: Partial<ServedAttribute>[]): ServedEvent;
  change(value: string, changes: Partial<ServedAttribute>): void;
}

export const KEY = 'k'.repeat(40);
export const START = 1_700_000_000;

export async function openMisp(t: TestContext): Promise<MispServer> {
  let count = 0;
  const uuid = (): string => {
    count += 1;
    return `00000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`;
  };

  const server: MispServer = {
    url: '',
    attributes: [],
    events: new Map(),
    asked: [],
    clock: START + 1000,
    meddle: () => false,
    takenOut: new Set(),
    tellsSkipped: true,
    add(event, attributes) {
      const timestamp = event.timestamp ?? server.clock;
      const made: ServedEvent = {
        id: server.events.size + 1,
        uuid: uuid(),
        timestamp,
        publish_timestamp: timestamp,
        published: true,
        org: 'Example Org',
        tags: [],
        ...event,
      };
      server.events.set(made.uuid, made);
      for (const each of attributes) {
        server.attributes.push({
          id: server.attributes.length + 1,
          uuid: uuid(),
          event: made.uuid,
          type: 'domain',
          value: '',
          category: 'Network activity',
          timestamp,
          to_ids: true,
          deleted: false,
          tags: [],
          ...each,
        });
      }
      return made;
    },
    change(value, changes) {
      const found = server.attributes.find((each) => each.value === value);
      if (found === undefined) throw new Error(`no attribute ${value}`);
      Object.assign(found, { timestamp: server.clock }, changes);
      const event = server.events.get(found.event);
      if (event !== undefined) Object.assign(event, { timestamp: server.clock, publish_timestamp: server.clock });
    },
  };

  function headOf(event: ServedEvent): Body {
    return {
      id: String(event.id),
      uuid: event.uuid,
      info: `Event ${event.id}`,
      date: '2023-11-14',
      threat_level_id: '2',
      published: event.published,
      timestamp: String(event.timestamp),
      publish_timestamp: String(event.publish_timestamp),
      Orgc: { id: '1', name: event.org, uuid: '99999999-2222-4333-8444-555555555555' },
      Tag: event.tags.map((name) => ({ name })),
    };
  }

  function attributeOf({ tags, event: _event, ...rest }: ServedAttribute): Body {
    return {
      ...rest,
      id: String(rest.id),
      timestamp: String(rest.timestamp),
      Tag: tags.map((name) => ({ name })),
    };
  }

  function isWanted(attribute: ServedAttribute, body: Body): boolean {
    const event = server.events.get(attribute.event);
    if (event === undefined) return false;
    const deleted = body.deleted === undefined ? [0] : (body.deleted as number[]);
    if (!deleted.includes(attribute.deleted ? 1 : 0)) return false;
    if (body.published === 1 && !event.published) return false;
    if (body.to_ids === 1 && !attribute.to_ids) return false;
    if (Array.isArray(body.type) && !body.type.includes(attribute.type)) return false;
    if (Array.isArray(body.category) && !body.category.includes(attribute.category)) return false;
    if (Array.isArray(body.org) && !body.org.includes(event.org)) return false;
    const { OR, NOT } = (body.tags ?? {}) as { OR?: string[]; NOT?: string[] };
    const tags = [...attribute.tags, ...event.tags];
    if (OR !== undefined && !OR.some((tag) => tags.includes(tag))) return false;
    if (NOT?.some((tag) => tags.includes(tag)) === true) return false;
    if (body.timestamp !== undefined && attribute.timestamp < timeIn(body.timestamp)) return false;
    return body.publish_timestamp === undefined || event.publish_timestamp >= timeIn(body.publish_timestamp);
  }

  /** What it cannot read as a time it takes for the second to come. */
  function timeIn(told: unknown): number {
    return typeof told === 'string' && /^\d+$/.test(told) ? Number(told) : server.clock + 1;
  }

  function pageOf<T>(all: T[], { page, limit }: Body): T[] {
    const size = Number(limit ?? all.length);
    return all.slice((Number(page ?? 1) - 1) * size, Number(page ?? 1) * size);
  }

  function answer(asked: Asked, response: ServerResponse): void {
    const { path, body } = asked;
    const send = (status: number, told: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, {
        'content-type': 'application/json; charset=UTF-8',
        date: new Date(server.clock * 1000).toUTCString(),
        ...headers,
      });
      response.end(JSON.stringify(told));
    };
    if (asked.headers.authorization !== KEY) {
      send(403, {
        name: 'Authentication failed.',
        message: 'Authentication failed. Please provide an API key.',
        url: path,
      });
      return;
    }
    if (path === '/attributes/restSearch') {
      const all = server.attributes.filter((each) => isWanted(each, body));
      const counted = pageOf(all, body);
      const given = counted.filter(({ value }) => !server.takenOut.has(value));
      const Attribute = given.map((each) => {
        const event = server.events.get(each.event);
        return { ...attributeOf(each), ...(event === undefined ? {} : { Event: headOf(event) }) };
      });
      send(
        200,
        { response: { Attribute } },
        {
          'X-Result-Count': String(counted.length),
          ...(server.tellsSkipped ? { 'X-Skipped-Elements-Count': String(counted.length - given.length) } : {}),
        },
      );
      return;
    }
    const whole = (event: ServedEvent, deleted: boolean): Body => ({
      Event: {
        ...headOf(event),
        Attribute: server.attributes
          .filter((each) => each.event === event.uuid && (deleted || !each.deleted))
          .map(attributeOf),
        Object: [],
      },
    });
    if (path === '/events/restSearch') {
      const all = [...server.events.values()].filter(
        ({ timestamp, publish_timestamp, published }) =>
          (body.published !== 1 || published) &&
          (body.timestamp === undefined || timestamp >= timeIn(body.timestamp)) &&
          (body.publish_timestamp === undefined || publish_timestamp >= timeIn(body.publish_timestamp)),
      );
      const given = pageOf(all, body).map((event) => whole(event, true));
      send(200, { response: given }, { 'X-Result-Count': String(given.length) });
      return;
    }
    if (path === '/events/index') {
      const all = [...server.events.values()].filter(({ published }) => body.published !== 1 || published);
      const { minimal } = body;
      send(
        200,
        all.map((event) => {
          if (minimal !== 1) return headOf(event);
          const { id, uuid, timestamp, published } = event;
          return { id: String(id), uuid, timestamp: String(timestamp), published, orgc_uuid: '9' };
        }),
      );
      return;
    }
    const view = /^\/events\/(?:view\/([0-9a-f-]+)(\/deleted:1)?|([0-9a-f-]+)\.json)$/.exec(path);
    const event = server.events.get(view?.[1] ?? view?.[3] ?? '');
    if (event === undefined) send(404, { name: 'Invalid event.', message: 'Invalid event.', url: path });
    else send(200, whole(event, view?.[2] !== undefined));
  }

  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const asked: Asked = {
        path: request.url ?? '',
        body: text === '' ? {} : (JSON.parse(text) as Body),
        headers: request.headers,
      };
      server.asked.push(asked);
      if (!server.meddle(asked, response)) answer(asked, response);
    });
  });
  server.url = await listening(t, http);
  return server;
}

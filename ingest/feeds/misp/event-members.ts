import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TLP_LEVELS } from '../../../core/contract/tlp.ts';
import type { FeedMemory } from '../../feed-memory.ts';
import { isoOf } from '../../formats/misp/fields.ts';
import type { Tally } from '../../tally.ts';

/** Of a statement that an event made: as much as is needed to take it back, under the feed's rules. */
const memberShape = z.object({
  indicator: z.string(),
  type: z.string().optional(),
  ref: z.string().optional(),
  tags: z.array(z.string()).optional(),
  tlp: z.enum(TLP_LEVELS).optional(),
});
type Member = Pick<RawIndicator, 'indicator' | 'type' | 'ref' | 'tags' | 'tlp'>;

/** A document of the store must hold them; packed, a member takes some fifty bytes. */
const MOST_MEMBERS = 20_000;
/** What the packed list may become, if somebody else wrote it. */
const MOST_BYTES = 64 * 1024 ** 2;

/**
 * Tells what is gone from an event. MISP says of an attribute that was deleted softly that it is; one that was removed outright, or edited into
 * something else, is only missing. So what an event said is remembered, and whoever reads the event whole compares.
 */
export interface EventMembers {
  /** One reading of one or several events. */
  begin(): EventReading;
  /** Says once what could not be told. */
  tell(): void;
}

export interface EventReading {
  /** Counts as the feed's own does; what is left out may well still be there, so then nothing is taken for gone. */
  readonly tally: Tally;
  note(records: readonly RawIndicator[]): void;
  /** The event was read to its end. */
  event(uuid: string, stamp: number): void;
  /** What the events said before and say no longer, as withdrawn. */
  withdrawn(): Promise<RawIndicator[]>;
  /** To be called once all of it is on the bus. */
  keep(): Promise<void>;
}

export function createEventMembers(memory: FeedMemory, tally: Tally): EventMembers {
  let away = 0;
  let large = 0;

  async function known(uuid: string): Promise<Member[]> {
    try {
      return unpack(await memory.get(uuid));
    } catch {
      away += 1;
      return [];
    }
  }

  return {
    begin() {
      const records: RawIndicator[] = [];
      const events = new Map<string, { stamp: number; members: Member[] }>();
      let lost = 0;
      return {
        tally: {
          ...tally,
          skip(...told) {
            lost += 1;
            tally.skip(...told);
          },
          tooLong(count) {
            lost += count;
            tally.tooLong(count);
          },
        },
        note: (some) => void records.push(...some),
        event(uuid, stamp) {
          if (uuid !== '') events.set(uuid, { stamp, members: [] });
        },
        async withdrawn() {
          const told = new Map<string, Set<string>>([...events.keys()].map((uuid) => [uuid, new Set()]));
          for (const record of records) {
            const event = record.event_id?.toLowerCase() ?? '';
            told.get(event)?.add(keyOf(record));
            if (record.revoked !== true) events.get(event)?.members.push(memberOf(record));
          }
          const gone: RawIndicator[] = [];
          for (const [uuid, event] of events) {
            const present = told.get(uuid);
            const missing = (await known(uuid)).filter((member) => present?.has(keyOf(member)) !== true);
            if (lost > 0) event.members.push(...missing);
            else for (const member of missing) gone.push(withdrawal(member, uuid, event.stamp));
          }
          return gone;
        },
        async keep() {
          for (const [uuid, { members }] of events) {
            if (members.length > MOST_MEMBERS) large += 1;
            try {
              await memory.put(uuid, pack(members.length > MOST_MEMBERS ? [] : members));
            } catch {
              away += 1;
            }
          }
        },
      };
    },
    tell() {
      if (large > 0)
        tally.note(`${large} events say more than ${MOST_MEMBERS} things: what is removed from them expires by itself`);
      if (away > 0)
        tally.note(
          'what events said could not be remembered, as the store was away: what is removed from them may be told late',
        );
    },
  };
}

function memberOf({ indicator, type, ref, tags, tlp }: RawIndicator | z.output<typeof memberShape>): Member {
  return {
    indicator,
    ...(type === undefined ? {} : { type }),
    ...(ref === undefined ? {} : { ref }),
    ...(tags === undefined ? {} : { tags }),
    ...(tlp === undefined ? {} : { tlp }),
  };
}

/** An attribute that says something else is another statement under the same ref, about another indicator. */
function keyOf({ indicator, type = '', ref = '' }: Member | RawIndicator): string {
  return `${ref}\t${type}\t${indicator}`;
}

/** Told at the event's own change, by the clock of that MISP: of two statements of one moment the withdrawal counts. */
function withdrawal(member: Member, uuid: string, stamp: number): RawIndicator {
  return { ...member, event_id: uuid, revoked: true, ...(stamp > 0 ? { timestamp: isoOf(stamp) } : {}) };
}

function pack(members: readonly Member[]): string {
  return gzipSync(JSON.stringify(members)).toString('base64');
}

/** Nothing for what cannot be read: then nothing is taken for gone. */
function unpack(packed: unknown): Member[] {
  if (typeof packed !== 'string') return [];
  try {
    const text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_BYTES }).toString();
    const parsed = z.array(memberShape).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.map(memberOf) : [];
  } catch {
    return [];
  }
}

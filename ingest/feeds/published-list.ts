import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { size } from '../../core/process/config/values.ts';
import { defineFeed, type FeedDefinition } from '../feed.ts';
import { listText } from '../formats/text.ts';
import { sourceUrl } from '../setting-values.ts';
import { wholeListKeys } from '../settings.ts';
import type { Tally } from '../tally.ts';
import { pollWholeList } from './whole-list.ts';

/** A list that anybody may fetch from an address that its makers keep: what differs is how it is written. */
export interface PublishedList {
  type: string;
  url: string;
  /** What the configuration's reference says of the two keys. */
  about: { url: string; max_size: string };
  maxSize: number;
  /** A list without any entry is an answer, and no fault of the server. */
  mayBeEmpty?: boolean;
  read(text: AsyncIterable<Buffer>, tally: Tally, maxSize: number): AsyncIterable<readonly RawIndicator[]>;
}

export function definePublishedList(list: PublishedList): FeedDefinition {
  const { type, about, mayBeEmpty = false } = list;
  const schema = z.strictObject({
    ...wholeListKeys,
    type: z.literal(type),
    url: sourceUrl.default(list.url).describe(about.url),
    max_size: size.default(list.maxSize).describe(about.max_size),
  });
  return defineFeed({
    type,
    schema,
    secrets: [],
    open: ({ url, every, max_size: maxBytes }, { fetcher, fingerprint }) =>
      pollWholeList({
        every,
        fingerprint,
        url,
        snapshot: true,
        mayBeEmpty,
        fetch: (validators, { signal }) => fetcher.get({ url, validators, maxBytes, signal }),
        read(answer, { tally }) {
          const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
          return list.read(text, tally, maxBytes);
        },
      }),
  });
}

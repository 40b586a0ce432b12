import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { defineFeed } from '../feed.ts';
import { credentialKeys, headersOf, refuseTwoCredentials } from '../fetch/credentials.ts';
import { sourceUrl } from '../setting-values.ts';
import { fetchedKeys } from '../settings.ts';
import { openConnection, VERSIONS } from './taxii2/connection.ts';
import { createPoll } from './taxii2/poll.ts';

const words = z.array(z.string().min(1).max(300)).min(1).max(100);

const schema = z
  .strictObject({
    ...fetchedKeys,
    ...credentialKeys,
    type: z.literal('taxii2'),
    url: sourceUrl.describe(
      'The address of the discovery (such as https://taxii.example.org/taxii2/), of an API root or of a collection.',
    ),
    version: z
      .enum(['auto', ...VERSIONS])
      .default('auto')
      .describe('The version of TAXII that the server speaks; `auto` tries 2.1 and then 2.0.'),
    collections: words
      .optional()
      .describe('Ids, aliases or titles of the collections to read; without it all that the account may read.'),
    since: z
      .union([z.literal('all'), duration], { error: 'must be "all", or a duration such as 30d' })
      .default('all')
      .describe('How far back the first reading goes: `all`, or a duration such as 30d.'),
    overlap: z
      .union([z.literal(0), duration], { error: 'must be 0, or a duration such as 5m' })
      .default(0)
      .describe(
        'How far each reading reaches back behind the last one, for servers that take up objects with a time that has passed.',
      ),
    match: z
      .strictObject({
        type: words.optional().describe('Types of STIX objects, such as indicator.'),
        id: words.optional().describe('Ids of STIX objects.'),
        version: words.optional().describe('A list of `last`, `first`, `all` or times of versions, such as `[all]`.'),
        spec_version: words.optional().describe('Versions of STIX, such as 2.1.'),
      })
      .default({})
      .describe('What the server is to leave out: only objects that match are asked for.'),
    observables: z
      .boolean()
      .default(true)
      .describe('Take observables as well that no indicator covers; they are tagged `observable`.'),
    trust_roots: z
      .boolean()
      .default(false)
      .describe('Send the credentials to API roots on other origins that the discovery names, too.'),
    page_size: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('Objects to ask for at once; the server may give fewer.'),
    together: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe(
        'So many objects are read before their records are given out: what an indicator points to may stand on another page.',
      ),
    max_pages: z
      .int()
      .min(10)
      .max(10_000_000)
      .default(100_000)
      .describe('Requests after which a reading ends with an error.'),
    max_size: size.default(4 * 1024 ** 3).describe('Cap on a page, which is read piece by piece.'),
  })
  .superRefine(refuseTwoCredentials);

/** Collections of a TAXII 2.0 or 2.1 server (OASIS). */
export const taxii2 = defineFeed({
  type: 'taxii2',
  schema,
  secrets: ['password', 'token', 'headers', 'proxy', 'tls'],
  open: (config, { fetcher, fingerprint }) => {
    const connection = openConnection({
      fetcher,
      url: config.url,
      headers: headersOf(config),
      version: config.version,
      trustRoots: config.trust_roots,
      maxBytes: config.max_size,
    });
    const poll = createPoll({
      connection,
      fingerprint,
      wanted: config.collections ?? [],
      since: config.since,
      overlap: config.overlap,
      filters: Object.entries(config.match).map(([name, values]) => [`match[${name}]`, (values ?? []).join(',')]),
      observables: config.observables,
      pageSize: config.page_size,
      together: config.together,
      maxPages: config.max_pages,
    });
    return { kind: 'polled', every: config.every, local: false, poll };
  },
});

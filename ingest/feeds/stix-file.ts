import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { defineFeed } from '../feed.ts';
import { changedDocuments } from '../files/changed-documents.ts';
import { commonKeys } from '../settings.ts';

const pattern = z.string().min(1).max(4096);

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('stix-file'),
  path: z.union([pattern, z.array(pattern).min(1).max(100)]).describe('Paths or globs, one or several.'),
  look_every: duration.default(10_000).describe('How often the files are looked at; a look costs one stat a file.'),
  snapshot: z
    .boolean()
    .default(false)
    .describe(
      'What is no longer in a file expires by itself. Off by default: STIX says itself until when something holds.',
    ),
  max_size: size.default(4 * 1024 ** 3).describe('Cap on a file, before and after unpacking.'),
});

/** Files of STIX 2 (bundles, envelopes) and STIX 1 (packages), packed with gzip or not; each is read when it has changed. */
export const stixFile = defineFeed({
  type: 'stix-file',
  schema,
  secrets: [],
  open: (config, { fingerprint }) =>
    changedDocuments({
      patterns: typeof config.path === 'string' ? [config.path] : config.path,
      lookEvery: config.look_every,
      formats: ['stix2', 'stix1'],
      called: 'STIX',
      snapshot: config.snapshot,
      maxBytes: config.max_size,
      fingerprint,
    }),
});

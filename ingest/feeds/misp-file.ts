import { z } from 'zod';
import { duration, size } from '../../core/process/config/values.ts';
import { defineFeed } from '../feed.ts';
import { changedDocuments } from '../files/changed-documents.ts';
import { TO_IDS_POLICIES } from '../formats/misp/options.ts';
import { commonKeys } from '../settings.ts';

const pattern = z.string().min(1).max(4096);

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('misp-file'),
  path: z.union([pattern, z.array(pattern).min(1).max(100)]).describe('Paths or globs, one or several.'),
  look_every: duration.default(10_000).describe('How often the files are looked at; a look costs one stat a file.'),
  snapshot: z
    .boolean()
    .default(false)
    .describe(
      'What is no longer in a file expires by itself. Off by default: an event that is exported again need not be whole.',
    ),
  to_ids: z
    .enum(TO_IDS_POLICIES)
    .default('only')
    .describe(
      'Attributes that are not for detection: `only` leaves them out, `prefer` takes them with a confidence of 20 at most, `ignore` makes no difference.',
    ),
  max_size: size.default(4 * 1024 ** 3).describe('Cap on a file, before and after unpacking.'),
});

/** Files of MISP events or attributes in any of MISP's export shapes, packed with gzip or not; each is read when it has changed. */
export const mispFile = defineFeed({
  type: 'misp-file',
  schema,
  secrets: [],
  open: (config, { fingerprint }) =>
    changedDocuments({
      patterns: typeof config.path === 'string' ? [config.path] : config.path,
      lookEvery: config.look_every,
      formats: ['misp'],
      called: 'MISP',
      snapshot: config.snapshot,
      maxBytes: config.max_size,
      fingerprint,
      settings: { toIds: config.to_ids },
    }),
});

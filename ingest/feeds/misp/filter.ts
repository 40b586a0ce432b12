import { z } from 'zod';

const words = z.array(z.string().min(1).max(256)).min(1).max(200);

const tagFilter = z.union([
  words.transform((or) => ({ or, and: [] as string[], not: [] as string[] })),
  z.strictObject({
    or: words.default([]).describe('At least one of these.'),
    and: words.default([]).describe('All of these.'),
    not: words.default([]).describe('None of these.'),
  }),
]);

/** What of a MISP is taken. `tags` and `type` of the feed itself mean other things, hence a section of its own. */
export const filterSection = z
  .strictObject({
    tags: tagFilter
      .optional()
      .describe('Tags of events or attributes: a list of which one must be there, or `or`, `and` and `not`.'),
    types: words.optional().describe('Types of attribute as MISP calls them; without it all that hold an indicator.'),
    categories: words.optional().describe('Categories of attribute.'),
    orgs: words.optional().describe('Organisations that created the event, by name or uuid.'),
  })
  .default({});

export type Filter = z.output<typeof filterSection>;

/** What is looked at in the head of an event, when the server cannot be asked to choose. Words are in lower case. */
export interface EventFilter {
  tags: { or: readonly string[]; and: readonly string[]; not: readonly string[] } | undefined;
  orgs: ReadonlySet<string> | undefined;
  /** Second before which an event is too old. */
  since: number | undefined;
  published: boolean;
}

export function eventFilter(filter: Filter, since: number | undefined, published: boolean): EventFilter {
  const { tags, orgs } = filter;
  const lower = (list: readonly string[]): string[] => list.map((word) => word.toLowerCase());
  return {
    tags: tags === undefined ? undefined : { or: lower(tags.or), and: lower(tags.and), not: lower(tags.not) },
    orgs: orgs === undefined ? undefined : new Set(lower(orgs)),
    since,
    published,
  };
}

/** Those parts of a filter that MISP itself can be asked for, in the words of its restSearch. */
export function searchFilter({ tags, types, categories, orgs }: Filter): Record<string, unknown> {
  return {
    ...(tags === undefined
      ? {}
      : {
          tags: {
            ...(tags.or.length === 0 ? {} : { OR: tags.or }),
            ...(tags.and.length === 0 ? {} : { AND: tags.and }),
            ...(tags.not.length === 0 ? {} : { NOT: tags.not }),
          },
        }),
    ...(types === undefined ? {} : { type: types }),
    ...(categories === undefined ? {} : { category: categories }),
    ...(orgs === undefined ? {} : { org: orgs }),
  };
}

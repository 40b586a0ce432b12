import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import type { XmlTag } from '../xml-stream.ts';

/** Elements in front of the items, of both versions of the format, whose text is read. */
export const HEAD_ELEMENTS: ReadonlySet<string> = new Set(['short_description', 'description', 'link']);
const MOST_TEXT = 500;
/** What a link of the head may say that is a name of malware, or a word for it. */
const MALWARE: ReadonlySet<string> = new Set(['family', 'malware', 'malwarefamily']);
const CATEGORY: ReadonlySet<string> = new Set(['category', 'threatcategory']);
const TAG: ReadonlySet<string> = new Set(['threatgroup', 'grouping', 'actor', 'campaign']);
const MOST_WORDS = 20;

/** What a document says of all its indicators. */
export interface Head {
  root(tag: XmlTag): void;
  link(tag: XmlTag): void;
  text(element: string, text: string): void;
  said(): Partial<RawIndicator>;
}

export function createHead(): Head {
  let said: Partial<RawIndicator> = {};
  let rel = '';
  const add = (field: 'malware' | 'categories' | 'tags', word: string): void => {
    const words = said[field] ?? [];
    if (words.length < MOST_WORDS) said = { ...said, [field]: [...words, word.slice(0, 100)] };
  };
  return {
    root({ attributes }) {
      const changed = attributes['last-modified'] ?? '';
      if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?$/.test(changed)) said = { timestamp: changed };
    },
    link({ attributes }) {
      rel = (attributes.rel ?? '').toLowerCase();
      const { href } = attributes;
      if (href !== undefined && /^https?:\/\//i.test(href)) said = { ...said, reference: said.reference ?? href };
    },
    text(element, text) {
      if (text === '') return;
      if (element === 'short_description') said = { ...said, description: text.slice(0, MOST_TEXT) };
      else if (element === 'description') said = { ...said, description: said.description ?? text.slice(0, MOST_TEXT) };
      else if (MALWARE.has(rel)) add('malware', text);
      else if (CATEGORY.has(rel)) add('categories', text);
      else if (TAG.has(rel)) add('tags', text);
      else if (/^https?:\/\/\S+$/i.test(text)) said = { ...said, reference: said.reference ?? text };
    },
    said: () => said,
  };
}

import { printable } from '../../printable.ts';
import { OPENIOC_ROOTS } from '../openioc/records.ts';
import { known, type Recognition, unknown } from './recognition.ts';

/** What may stand in front of the first element or the DTD: white space, byte order marks, comments, processing instructions. */
const MISC = /(?:[\s\ufeff]+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/y;
const HTML_DOCTYPE = /<!DOCTYPE\s+html[^>[]*>/iy;
const ROOT = /<(?:[\w.-]{1,100}:)?([\w.-]{1,100})[\s/>]/y;

/** Where what `expression` meets at a place ends; the place itself when it meets nothing there. */
function behind(text: string, expression: RegExp, at: number): number {
  expression.lastIndex = at;
  return at + (expression.exec(text)?.[0].length ?? 0);
}

/** The local name of the element at a place; undefined when there is none. */
function elementAt(text: string, at: number): string | undefined {
  ROOT.lastIndex = at;
  return ROOT.exec(text)?.[1];
}

/** Elements of STIX 1 that are saved alone. Others have such names too, so only the namespaces of STIX and CybOX count. */
const FRAGMENTS: ReadonlySet<string> = new Set(['Indicator', 'Observable']);
const NAMESPACE =
  /\sxmlns(?::[\w.-]+)?\s*=\s*["']http:\/\/(?:(?:stix|cybox)\.mitre\.org|docs\.oasis-open\.org\/cti\/ns\/(?:stix|cybox))\//;
const OPENIOC_NAMESPACE = /\sxmlns(?::[\w.-]+)?\s*=\s*["']http:\/\/(?:schemas\.mandiant\.com|openioc\.org)\//;
/** Where a root element declares what it uses. */
const DECLARATIONS = 16_384;

/** Which kind of XML begins so; undefined when it is no XML, but perhaps a page or a text. */
export function recogniseXml(text: string, whole: boolean): Recognition | undefined {
  const start = behind(text, MISC, 0);
  if (!whole && /^<(?:!--|\?)/.test(text.slice(start, start + 4))) {
    return unknown('its first comment or instruction is so long that what stands behind it cannot be told');
  }
  const behindDoctype = behind(text, HTML_DOCTYPE, start);
  if (behindDoctype === start && /^<!DOCTYPE/i.test(text.slice(start, start + 9))) {
    return unknown('it is XML with a DTD, which can make a short document endless; it is not read');
  }
  const root = elementAt(text, behind(text, MISC, behindDoctype));
  if (root === undefined) return undefined;
  if (root.toLowerCase() === 'html') return known('html', 'a web page');
  if (root === 'STIX_Package' || root === 'Observables') return known('stix1', `the root element ${root}`);
  if (root === 'Poll_Response') return known('stix1', 'a Poll_Response of TAXII 1', { pollResponse: true });
  if (FRAGMENTS.has(root) && NAMESPACE.test(text.slice(0, DECLARATIONS)))
    return known('stix1', `the root element ${root} of STIX or CybOX`);
  if (OPENIOC_ROOTS.has(root) && OPENIOC_NAMESPACE.test(text.slice(0, DECLARATIONS)))
    return known('openioc', `the root element ${root} of OpenIOC`);
  const declared = /^\s*<\?xml\s/.test(text) || /\sxmlns(?::[\w.-]+)?\s*=/.test(text.slice(0, 4096));
  return declared
    ? unknown(`it is XML whose root element is "${printable(root, 60)}", where STIX 1 has "STIX_Package"`)
    : undefined;
}

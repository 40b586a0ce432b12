import { printable } from '../../printable.ts';
import { known, type Recognition, unknown } from './recognition.ts';

const PROLOG = /^(?:\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!DOCTYPE[^>[]*>)/i;

/** The local name of the first element; undefined when there is none. */
function rootElement(text: string): string | undefined {
  let rest = text;
  for (let match = PROLOG.exec(rest); match !== null; match = PROLOG.exec(rest)) rest = rest.slice(match[0].length);
  return /^<(?:[\w.-]{1,100}:)?([\w.-]{1,100})[\s/>]/.exec(rest)?.[1];
}

/** Elements of STIX 1 that are saved alone. Others have such names too, so only the namespaces of STIX and CybOX count. */
const FRAGMENTS: ReadonlySet<string> = new Set(['Indicator', 'Observable']);
const NAMESPACE =
  /\sxmlns(?::[\w.-]+)?\s*=\s*["']http:\/\/(?:(?:stix|cybox)\.mitre\.org|docs\.oasis-open\.org\/cti\/ns\/(?:stix|cybox))\//;
/** Where a root element declares what it uses. */
const DECLARATIONS = 16_384;

/** Which kind of XML begins so; undefined when it is no XML, but perhaps a page or a text. */
export function recogniseXml(text: string): Recognition | undefined {
  if (/^(?:<\?[^>]*>\s*)?<!DOCTYPE(?!\s+html)/i.test(text)) {
    return unknown('it is XML with a DTD, which can make a short document endless; it is not read');
  }
  const root = rootElement(text);
  if (root === undefined) return undefined;
  if (root.toLowerCase() === 'html') return known('html', 'a web page');
  if (root === 'STIX_Package' || root === 'Observables') return known('stix1', `the root element ${root}`);
  if (root === 'Poll_Response') return known('stix1', 'a Poll_Response of TAXII 1', { pollResponse: true });
  if (FRAGMENTS.has(root) && NAMESPACE.test(text.slice(0, DECLARATIONS)))
    return known('stix1', `the root element ${root} of STIX or CybOX`);
  const declared = /^\s*<\?xml\s/.test(text) || /\sxmlns(?::[\w.-]+)?\s*=/.test(text.slice(0, 4096));
  return declared
    ? unknown(`it is XML whose root element is "${printable(root, 60)}", where STIX 1 has "STIX_Package"`)
    : undefined;
}

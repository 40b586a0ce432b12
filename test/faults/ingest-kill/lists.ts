import { type Asked, type Given, openGate } from './gate.ts';
import { address, asIs, createTeller, EVERY, type Style } from './style.ts';

/** Two sends of a list, and so much more each time that it is not held back for its growth. */
const FIRST = 1100;
const LATER = 60;

const page = (body: string, headers: Record<string, string> = {}): Given => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body,
  page: true,
});

/** A list whose answer is the same until it changes: 304 for whoever has it. */
function unlessKnown({ headers }: Asked, validator: Record<string, string>, body: () => string): Given {
  const { etag, 'last-modified': modified } = validator;
  const known =
    (etag !== undefined && headers['if-none-match'] === etag) ||
    (modified !== undefined && headers['if-modified-since'] === modified);
  if (known) return { status: 304, headers: validator, body: '', page: false };
  return page(body(), { 'content-type': 'text/plain', ...validator });
}

/** A list of lines with an ETag that only grows. */
export async function growingListStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => address(20, number));
  more(FIRST);
  const gate = await openGate((asked) => unlessKnown(asked, { etag: `"${told.size}"` }, () => [...told].join('\n')));
  return {
    called: 'http-list: ETag, whole list',
    feed: { name: 'list', type: 'http-list', url: `${gate.url}/list.txt`, every: EVERY },
    told,
    grow: () => void more(LATER),
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 'end',
    exact: true,
    place: asIs,
  };
}

/** A list that tells by absence: of what stood there some is gone each time, and some stands there for one version alone. */
export async function absenceListStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => address(21, number));
  const passing = createTeller((number) => address(22, number));
  const now = new Set(more(FIRST));
  /** Of what stands there, what a reader has told us that it knows. */
  let known: string[] = [];
  let version = 1;
  const gate = await openGate((asked) => {
    if (asked.headers['if-none-match'] === `"v${version}"`) known = [...now];
    return unlessKnown(asked, { etag: `"v${version}"` }, () => [...now].join('\n'));
  });
  return {
    called: 'http-list: difference of snapshots',
    feed: { name: 'absences', type: 'http-list', url: `${gate.url}/list.txt`, every: EVERY, revoke_on_absence: true },
    told,
    list: { fleeting: passing.told, now },
    grow() {
      version += 1;
      for (const value of passing.told) now.delete(value);
      for (const value of known.slice(0, 30)) now.delete(value);
      known = [];
      for (const value of [...more(LATER), ...passing.more(5)]) now.add(value);
    },
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 'end',
    exact: true,
    place: asIs,
  };
}

/** A blacklist that says when it was made, and knows no conditions. */
export async function generatedAtStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => address(23, number));
  more(FIRST);
  let generated = Date.parse('2026-11-01T00:00:00Z');
  const gate = await openGate(() => {
    const data = [...told].map((ipAddress) => ({ ipAddress, abuseConfidenceScore: 100, countryCode: 'NL' }));
    return page(JSON.stringify({ meta: { generatedAt: new Date(generated).toISOString() }, data }));
  });
  return {
    called: 'abuseipdb: generatedAt',
    feed: { name: 'abuseipdb', type: 'abuseipdb', api_key: 'a-key', url: `${gate.url}/blacklist`, every: EVERY },
    told,
    grow() {
      generated += 1000;
      more(LATER);
    },
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 'end',
    exact: true,
    place: asIs,
  };
}

/** A catalogue with the date of each entry and one of its last change. */
export async function catalogueStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => `CVE-2026-${10_000 + number}`);
  more(FIRST);
  let changed = Date.parse('2026-11-01T00:00:00Z');
  const gate = await openGate((asked) =>
    unlessKnown(asked, { 'last-modified': new Date(changed).toUTCString() }, () => {
      const vulnerabilities = [...told].map((cveID) => ({
        cveID,
        dateAdded: '2026-10-01',
        vendorProject: 'Example',
        shortDescription: `a hole, ${cveID}`,
      }));
      return JSON.stringify({ count: vulnerabilities.length, vulnerabilities });
    }),
  );
  return {
    called: 'kev: catalogue, Last-Modified',
    feed: { name: 'kev', type: 'kev', url: `${gate.url}/kev.json`, every: EVERY },
    told,
    grow() {
      // HTTP dates have whole seconds
      changed += 1000;
      more(LATER);
    },
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 'end',
    exact: true,
    place: asIs,
  };
}

/** An API that is asked for so many days. */
export async function daysStyle(): Promise<Style> {
  const { told, more } = createTeller((number) => `n${number}.fox.example`);
  more(FIRST);
  const began = Date.now() - 36 * 3_600_000;
  const gate = await openGate(({ body }) => {
    const { days } = JSON.parse(body) as { days: number };
    const data = [...told].map((ioc, index) => ({
      id: String(index + 1),
      ioc,
      ioc_type: 'domain',
      threat_type: 'botnet_cc',
      confidence_level: 75,
      first_seen: `${new Date(began + index * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    }));
    const since = Date.now() - days * 86_400_000;
    return page(JSON.stringify({ query_status: 'ok', data: data.filter((_, index) => began + index * 1000 > since) }));
  });
  return {
    called: 'threatfox: days back to the newest',
    feed: { name: 'fox', type: 'threatfox', auth_key: 'a-key', url: `${gate.url}/api/`, every: EVERY },
    told,
    grow: () => void more(LATER),
    gate,
    pages: () => gate.pages,
    deliveries: 2,
    keptBehind: 'end',
    exact: false,
    place: asIs,
  };
}

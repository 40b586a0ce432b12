import { parse } from 'tldts';

/** Endings of files that are public suffixes, too. A name in prose that ends so is a file, unless the words around say otherwise. */
const FILES: ReadonlySet<string> = new Set('cab inc java md mk mm mov properties ps py rs sh so tf zip'.split(' '));

/** Files of programs end so, and hosts more often. */
const PROGRAMS: ReadonlySet<string> = new Set(['cc', 'pl']);

/** Public suffixes that listings of code are full of: `user.name`, `e.call(`, `self.map`. */
const PROPERTIES: ReadonlySet<string> = new Set(
  (
    'active ads auto bar blog book box build call camera cards case center channel check codes compare contact country day design dot drive ' +
    'email events exchange family fast fit foo forum free game gift got group guide help here host hot how id inc join kids like limited link ' +
    'locker log map menu mini mobile name new now off one open page parts pay phone photo pictures pid pin ping place play plus post prime ' +
    'prod property protection read report review room run safe sale save school science search secure security select services shell show sky ' +
    'space spot store stream style tab talk team tools training trust tube video vision voice vote watch win work works you zero zone'
  ).split(' '),
);

/** What stands in front of a property in code. */
const OBJECTS: ReadonlySet<string> = new Set(
  (
    'account app args array arr cfg class client cls col column conf config context ctx data date db doc document e el elem element entry env ' +
    'err error ev event exports f field file form func i item j json key kwargs list logger map math match message model module msg my node ' +
    'np obj object options opts os params parent path pd process prop props q r req request res response result row self server session ' +
    'settings state std str string super sys table target test that this user util utils val value window wscript x y'
  ).split(' '),
);

/** Packages of Java and its kin are named like domains turned round: these begin them, whatever follows … */
const PACKAGE_ROOTS: ReadonlySet<string> = new Set('com org net edu gov java javax android'.split(' '));
/** … and these where the name does not end as most hosts do. */
const OTHER_ROOTS: ReadonlySet<string> = new Set(
  'app au br cn co de dev eu fr in info io it jp kr me nl pl ru tv uk us'.split(' '),
);
const HOSTS: ReadonlySet<string> = new Set(
  (
    'biz br cc cf cn com de edu fr ga gov info ir jp ml net nl onion online org pl pw ru site su tk top tw ua uk xyz ' +
    'ae am at au be bg by ch cl cz dk ee eg es fi ge gr hk hr hu il jo ke kr kz lt lv ma md mx ng no nz pe ph pt ro rs sa se sg si sk th tn tr uy uz ve vn za'
  ).split(' '),
);

/**
 * What a name in plain prose, undisguised, is by its ending:
 * - `domain`: it has a public suffix, and more than that;
 * - `property`: it has one, and occurs in code; or in the names of programs;
 * - `file`: it has one, and files have it more often.
 */
export type NameKind = 'domain' | 'property' | 'program' | 'file';

/**
 * Undefined for what is no domain. The ending must be in small letters, because `System.Net` is a library and `end.In` the border of two
 * sentences; and `1.to` is the beginning of a list.
 */
export function kindOfName(labels: readonly string[]): NameKind | undefined {
  const [first = ''] = labels;
  const ending = labels.at(-1) ?? '';
  if (first === 'www' && labels.length > 2) return 'domain';
  if (ending !== ending.toLowerCase() || isPackage(labels) || !isRegistrable(labels)) return undefined;
  if (FILES.has(ending)) return labels.length > 2 ? 'program' : 'file';
  if (PROGRAMS.has(ending)) return 'program';
  if (!PROPERTIES.has(ending)) return 'domain';
  const inCode = labels.length === 2 && (OBJECTS.has(first) || first !== first.toLowerCase());
  return inCode ? undefined : 'property';
}

/** True if a name has a public suffix, by ICANN's or by private rules, and a label that somebody could have registered below it. */
function isRegistrable(labels: readonly string[]): boolean {
  const { isIcann, isPrivate, domainWithoutSuffix } = parse(labels.join('.'), {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
  });
  if (isIcann !== true && isPrivate !== true) return false;
  if (domainWithoutSuffix === null || /^[-_]|[-_]$|_/.test(domainWithoutSuffix)) return false;
  return !labels.slice(0, -1).every((label) => /^\d{0,2}$/.test(label));
}

/** `com.example.reader`, undisguised. */
export function isPackage(labels: readonly string[]): boolean {
  const [first = ''] = labels;
  const ending = labels.at(-1) ?? '';
  if (labels.length < 3) return false;
  return (PACKAGE_ROOTS.has(first) || OTHER_ROOTS.has(first)) && !HOSTS.has(ending);
}

/**
 * Endings that make a name in plain prose a domain. A list of our own and not the whole root zone: among its 1,400 endings are `call`,
 * `map`, `open`, `host`, `link`, `date`, `name` and `zip`, with which every listing of code would be full of domains. A name with another
 * ending counts when it was disarmed, stands in a URL, or begins with `www.`.
 *
 * Left out as endings of files: cc, md, pl, ps, py, rs, sh, so.
 */
const COUNTRIES =
  'ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cd cf cg ch ci ck cl cm cn co ' +
  'cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk ' +
  'hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc me mg ' +
  'mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pm pn pr pt pw qa re ro ru ' +
  'rw sa sb sc sd se sg si sk sl sm sn sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve ' +
  'vg vi vn vu wf ws ye yt za zm zw';
const GENERIC =
  'aero agency app art asia bank beauty best bid bond biz buzz cam capital cash casino cat cfd chat city click cloud club com company coop ' +
  'cyou dev digital edu email eu expert faith finance fun fyi gdn global gmbh gov guru icu info ink int jobs kim land lat life live llc loan ' +
  'lol london ltd market markets media men mil mobi mom moscow museum network news ninja nyc one online onion org net page party pics press ' +
  'pro pub quest racing red ren rest review rocks sbs science services sex shop site social software solutions space store studio support ' +
  'surf systems team tech technology tel tickets tips today tokyo top trade travel uno vip wang website wiki win work world wtf xin xxx xyz ' +
  'yachts zone';

const ENDINGS: ReadonlySet<string> = new Set(`${COUNTRIES} ${GENERIC}`.split(' '));

/** Packages of Java and its kin are named like domains turned round. */
const PACKAGE_ROOTS: ReadonlySet<string> = new Set(['com', 'org', 'net', 'edu', 'gov', 'java', 'javax', 'android']);

/**
 * True if a name in plain prose, undisguised, is to be taken for a domain. Its ending must be in small letters, because `System.Net` is a
 * library and `end.In` the border of two sentences; and `1.to` is the beginning of a list.
 */
export function readsLikeDomain(labels: readonly string[]): boolean {
  const [first = ''] = labels;
  if (first === 'www' && labels.length > 2) return true;
  if (labels.length > 2 && PACKAGE_ROOTS.has(first)) return false;
  return ENDINGS.has(labels.at(-1) ?? '') && !labels.slice(0, -1).every((label) => /^\d{0,2}$/.test(label));
}

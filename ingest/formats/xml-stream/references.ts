const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** What is wrong with a reference. */
export class BadReference extends Error {}

/** Text with its references replaced; a reference to anything but a character or one of the five entities of XML is a BadReference. */
export function resolved(text: string): string {
  let whole = '';
  let from = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at);
    if (end === -1) throw new BadReference('an ampersand that begins no entity');
    whole += text.slice(from, at) + characterOf(text.slice(at + 1, end));
    from = end + 1;
  }
  return whole + text.slice(from);
}

function characterOf(name: string): string {
  const entity = ENTITIES.get(name);
  if (entity !== undefined) return entity;
  const [, hex, decimal] = /^#(?:x([\da-f]{1,40})|(\d{1,40}))$/i.exec(name) ?? [];
  const code = hex !== undefined && name.startsWith('#x') ? Number.parseInt(hex, 16) : Number(decimal);
  if (name.startsWith('#') && !isCharacter(code))
    throw new BadReference('a reference to a character that XML does not have');
  if (!name.startsWith('#')) throw new BadReference('undefined entity');
  return String.fromCodePoint(code);
}

/** XML 1.0, production 2. */
function isCharacter(code: number): boolean {
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

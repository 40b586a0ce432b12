import { LinkifyIt } from 'linkify-it';

/**
 * What Outlook and Gmail make links of as a mail is read or written: what begins with a scheme that they know, `www.`, a mailbox, a
 * name under a public suffix (Gmail), and the name of a Windows share (Outlook).
 */
export const LINKED_TEXTS: readonly string[] = [
  ...[
    'http',
    'https',
    'ftp',
    'ftps',
    'sftp',
    'ssh',
    'file',
    'telnet',
    'ldap',
    'ldaps',
    'gopher',
    'nntp',
    'rtsp',
    'mms',
    'smb',
    'git',
    'ws',
  ].map((scheme) => `${scheme}://evil.example/a.b`),
  ...[
    'mailto:someone@evil.example',
    'mailto:someone',
    'news:evil.example',
    'tel:+15550100',
    'sms:+15550100',
    'callto:+15550100',
  ],
  ...[
    'sip:a@evil.example',
    'sips:a@evil.example',
    'skype:someone?call',
    'xmpp:a@evil.example',
    'facetime:a@evil.example',
  ],
  ...[
    'javascript:alert(1)',
    'vbscript:x',
    'data:text/html,x',
    'about:blank',
    'cid:x@y',
    'mid:x@y',
    'urn:x:y',
    'magnet:?xt=urn:btih:x',
  ],
  ...[
    'onenote:x',
    'onenote:///\\\\evil\\x',
    'outlook:inbox',
    'ms-word:ofe|u|http://evil.example/',
    'search-ms:query=x&crumb=location:\\\\evil',
  ],
  ...[
    'bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    'slack:x',
    'tg:resolve?domain=x',
    'whatsapp:send?x',
    'zoommtg:x',
    'webcal:x',
  ],
  ...[
    'file:///etc/passwd',
    'file:/etc/passwd',
    'file:\\\\evil\\x',
    '\\\\evil\\share',
    '\\\\evil.example\\share\\x.exe',
    '//evil.example/x',
    '//evil/x',
  ],
  ...[
    'www.evil.example',
    'WWW.EVIL.EXAMPLE',
    'evil.com',
    'evil.co.uk',
    'evil.zip',
    'evil.mov',
    'evil.name',
    'evil.com/a',
    'evil.com:8080/a',
  ],
  ...[
    'evil.com?a=b',
    'evil.com#a',
    'someone@evil.com',
    'some.one+x@evil.co.uk',
    'someone@evil',
    '"someone"@evil.com',
    '<http://evil.com>',
  ],
  ...[
    '192.0.2.1',
    '192.0.2.1:8080/x',
    'http://192.0.2.1/',
    'http://[2001:db8::1]/',
    'http://3221225985/',
    'http://evil/',
    'evil。com',
    'evil．com',
  ],
  ...[
    'evil｡com',
    'https://evil。com',
    'someone@evil。com',
    '😀.com',
    'б\u00fccher.example',
    'xn--e1awd7f.com',
    'пример.рф',
    '例え.jp',
    'a_b.evil.com',
  ],
];

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, fuzzyIP: true, urlAuth: true }).tlds(
  ['example', 'test', 'zip', 'mov', 'name', 'com', 'org', 'xyz', 'top', 'info', 'onion', '\u0440\u0444'],
  true,
);
for (const scheme of [
  'ssh',
  'sftp',
  'ftps',
  'file',
  'tcp',
  'ws',
  'ldap',
  'git',
  'smb',
  'telnet',
  'tel',
  'news',
  'javascript',
  'data',
]) {
  linkify.add(`${scheme}:`, { validate: (text, at) => /^\S+/.exec(text.slice(at))?.[0].length ?? 0 });
}

/** What a program makes links of in a text: by linkify-it with every guess that it knows and more schemes, and by rule. */
export function linksIn(text: string): string[] {
  return [...(linkify.match(text) ?? []).map((match) => match.text), ...(text.match(BY_RULE) ?? [])];
}

/** For the programs that nobody can ask: schemes, mailboxes, shares, names with a full stop of any script. */
const BY_RULE =
  /\p{L}[\p{L}\p{N}+-]:(?=[^\s\],])|[^\s[]@[^\s\]]|\\\\[\p{L}\p{N}]|\/\/[\p{L}\p{N}]|[\p{L}\p{N}\p{S}][.\u3002\uff0e\uff61](?=[\p{L}\p{S}])|\d\.\d+\.\d/gu;

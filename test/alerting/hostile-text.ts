import fc from 'fast-check';

const PIECES = [
  '\r\nBcc: victim@example.org\r\n',
  '\n.\r\n',
  '\r\n\r\n<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  '</td></table><h1>',
  '<!--',
  '&#x3c;b&gt;',
  'https://evil.example/login?next=http://other.example',
  'HTTPS://EVIL.EXAMPLE',
  'javascript:alert(1)',
  'ftp://evil.example',
  'someone@evil.example',
  '\u202e\u2066',
  '\u200b\ufeff\u00ad',
  '\u0000\u001b[2J\u009b',
  '\ud83d',
  '\u2028\u2029\u0085',
  '=?utf-8?Q?=0D=0ABcc:_x?=',
  'a'.repeat(300),
  '漢字😀',
  '$ENV $(id) `id`',
];

/** Text as a feed that means harm would write it. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 20 }), fc.string()), {
    maxLength: 6,
  })
  .map((pieces) => pieces.join(''));

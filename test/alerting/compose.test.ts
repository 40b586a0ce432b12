import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compose } from '../../alerting/compose.ts';
import { buildDigest } from '../../alerting/digest.ts';
import { INDICATOR_TYPES } from '../../core/indicator/type.ts';
import type { AlertRow } from '../../store/port.ts';
import { hostileText } from './hostile-text.ts';
import { LINKED_TEXTS, linksIn } from './linked-by-mail-programs.ts';
import { sampleAlert } from './samples.ts';

const facts = { threshold: 80, repeatAfter: 86_400_000, at: Date.parse('2026-05-10T12:00:00Z') };

function mailOf(alerts: readonly AlertRow[], most = 50): ReturnType<typeof compose> {
  const digest = buildDigest(most);
  for (const alert of alerts) digest.add(alert);
  return compose(digest.finish(), facts);
}

test('a mail says of each indicator what it is, why it counts, who says so and where it is', () => {
  const { subject, text, html } = mailOf([
    sampleAlert({
      sources: ['abuseipdb', 'ipsum'],
      malware: ['Emotet'],
      tlp: 'AMBER',
      description: 'C2 at https://evil.example/a, ask soc@evil.example',
      again: true,
    }),
  ]);
  assert.equal(subject, '[TLP:AMBER] tipline: 1 indicator above 80, worst 92: 203[.]0[.]113[.]7');
  for (const [part, name] of [
    [text, 'text'],
    [html, 'html'],
  ] as const) {
    for (const expected of [
      'TLP:AMBER',
      '1 indicator above 80',
      '203[.]0[.]113[.]7',
      'AGAIN',
      '0.7 × confidence 95 + 0.3 × severity 85 = 92',
      'abuseipdb (this score), ipsum',
      'Netherlands (NL), AS64500 Example Net',
      '2026-05-01 08:00 UTC',
      '2026-05-24 11:00 UTC',
      'Emotet',
      'malicious',
      'C2 at hxxps[://]evil[.]example/a, ask soc[@]evil[.]example',
      '0 new, 1 again',
    ]) {
      assert.ok(part.includes(expected), `the ${name} part does not say: ${expected}`);
    }
    assert.doesNotMatch(part, /203\.0\.113\.7|evil\.example/, `the ${name} part has a live value`);
  }
});

test('what is not known is not mentioned', () => {
  const { subject, text } = mailOf([
    {
      id: 'x',
      type: 'domain',
      value: 'evil.example',
      threat_score: 90,
      confidence: 90,
      severity: 90,
      sources: ['otx'],
      tags: [],
      why: 'w',
      again: false,
    },
  ]);
  assert.equal(subject, 'tipline: 1 indicator above 80, worst 90: evil[.]example');
  assert.doesNotMatch(text, /undefined|null|NaN|Where|Seen|Malware|Tags|About|TLP/);
});

test('ten thousand alerts show the fifty worst and the total', () => {
  const alerts = Array.from({ length: 10_000 }, (_, index) =>
    sampleAlert({
      value: `203.0.${Math.floor(index / 256)}.${index % 256}`,
      threat_score: 81 + (index % 20),
      sources: [`feed-${index % 9}`],
    }),
  );
  const { subject, text, html } = mailOf(alerts);
  assert.match(subject, /^tipline: 10,000 indicators above 80, worst 100: /);
  assert.match(text, /Listed are the 50 with the highest score of 10,000\. The other 9,950 are/);
  assert.equal(text.match(/^ {0,2}\d+\. \[100\] /gm)?.length, 50, 'all fifty have the highest score there is');
  assert.match(text, /Types +ip 10,000/);
  assert.match(text, /others 3,333/);
  assert.ok(html.length < 100_000, `${html.length} bytes of HTML: programs hide what is beyond 100 KB`);
});

test('the plain text keeps to 78 columns', () => {
  const long = 'x'.repeat(900);
  const { text } = mailOf([
    sampleAlert({
      type: 'url',
      value: `https://evil.example/${long}`,
      description: `${long} and more words`,
      tags: [long, 'a', 'b'],
    }),
  ]);
  for (const line of text.split('\n')) assert.ok(Array.from(line).length <= 78, line);
});

const alert = fc.record({
  id: fc.constant('a'.repeat(40)),
  type: fc.constantFrom(...INDICATOR_TYPES),
  value: hostileText,
  threat_score: fc.integer({ min: 81, max: 100 }),
  confidence: fc.integer({ min: 0, max: 100 }),
  severity: fc.integer({ min: 0, max: 100 }),
  sources: fc.array(hostileText, { maxLength: 3 }),
  tags: fc.array(hostileText, { maxLength: 3 }),
  why: hostileText,
  country: hostileText,
  as: hostileText,
  first_seen: hostileText,
  last_seen: hostileText,
  expires_at: hostileText,
  malware: fc.array(hostileText, { maxLength: 3 }),
  tlp: hostileText,
  description: hostileText,
  again: fc.boolean(),
});

const OURS = /<(?:\/?(?:html|head|body|table|tr|td|div|span|b|title)|br|meta|!doctype)\b[^<>]*>/gi;

test('a value that is broken over lines makes no link of its rest', () => {
  for (let length = 20; length < 80; length += 1) {
    const { text } = mailOf([sampleAlert({ type: 'sha256', value: `${'!'.repeat(length)}AHTTPS://EVIL.EXAMPLE` })]);
    assert.doesNotMatch(text, /\b(https?|ftps?):\/\//i);
  }
});

test('wherever a line is broken, none begins with a live host', () => {
  const texts = [
    ...LINKED_TEXTS,
    'a/b.c.example',
    'https://evil.example/?to=other.example&and=more.example/x@y.example',
  ];
  for (const [index, text] of texts.entries()) {
    for (let length = index % 3; length < 80; length += 3) {
      const mail = mailOf([
        sampleAlert({
          type: 'url',
          value: `http://x/${'-'.repeat(length)}${text}`,
          description: `${'y'.repeat(length)}${text}`,
        }),
        sampleAlert({
          type: 'mutex',
          value: `${'!'.repeat(length)}${text}`,
          tags: [`${'-'.repeat(length)}${text}`, text],
        }),
      ]);
      for (const part of [mail.subject, ...mail.text.split('\n')]) assert.deepEqual(linksIn(unmarked(part)), [], part);
    }
  }
});

/** What the page shows, its pieces apart from each other. */
function shownText(html: string): string {
  const characters = html.replace(/<[^<>]*>/g, '\n').replace(/&middot;/g, '\u00b7');
  return characters.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
}

/** Our own words: the marking of the Traffic Light Protocol has a colon. */
function unmarked(line: string): string {
  return line.replace(/TLP:(?=AMBER|GREEN|RED|CLEAR)/g, 'TLP ');
}

test('whatever feeds write, the subject stays one line and the HTML has our markup alone', () => {
  fc.assert(
    fc.property(fc.array(alert, { minLength: 1, maxLength: 4 }), (alerts) => {
      const { subject, text, html } = mailOf(alerts);
      assert.match(subject, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u);
      assert.ok(subject.length < 200);

      const rest = html.replace(OURS, '');
      assert.doesNotMatch(rest, /[<>]/, 'markup that is not ours');
      for (const tag of html.match(OURS) ?? []) {
        assert.doesNotMatch(tag, /\son\w+\s*=|src\s*=|href\s*=|url\s*\(|javascript/i, tag);
        assert.equal((tag.match(/"/g) ?? []).length % 2, 0, `an attribute is not closed in ${tag}`);
      }
      assert.deepEqual(linksIn(unmarked(shownText(html))), []);

      assert.deepEqual(linksIn(unmarked(subject)), [], subject);
      for (const line of text.split('\n')) {
        assert.deepEqual(linksIn(unmarked(line)), [], line);
        assert.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u);
        assert.ok(Array.from(line).length <= 78, line);
      }
    }),
    { numRuns: Number(process.env.TIPLINE_PROPERTY_RUNS ?? 300) },
  );
});

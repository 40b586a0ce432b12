import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clean, cleanProse, cleanValue, escapeHtml } from '../../alerting/clean.ts';
import { INDICATOR_TYPES } from '../../core/indicator/type.ts';
import { hostileText } from './hostile-text.ts';
import { LINKED_TEXTS, linksIn } from './linked-by-mail-programs.ts';

for (const { name, text, expected } of [
  { name: 'a header', text: 'a\r\nBcc: x@y', expected: 'a Bcc: x@y' },
  { name: 'NUL and escape', text: 'a\u0000b\u001b[31mc', expected: 'a b [31mc' },
  { name: 'C1 controls', text: 'a\u0085b\u009bc', expected: 'a b c' },
  { name: 'line and paragraph separators', text: 'a\u2028b\u2029c', expected: 'a b c' },
  { name: 'a turned reading order', text: 'evil\u202egpj.exe', expected: 'evil\ufffdgpj.exe' },
  { name: 'isolates and zero-width characters', text: 'a\u2066\u200b\ufeffb', expected: 'a\ufffdb' },
  { name: 'tag characters', text: 'a\u{e0041}\u{e0042}b', expected: 'a\ufffdb' },
  { name: 'half a surrogate pair', text: 'a\ud83d b', expected: 'a\ufffd b' },
  { name: 'stacked accents', text: `a${'\u0301'.repeat(50)}b`, expected: 'a\u0301\u0301b' },
  { name: 'many spaces', text: '  a \t\t b  ', expected: 'a b' },
  { name: 'plain words', text: 'Ошибка 漢字 😀', expected: 'Ошибка 漢字 😀' },
]) {
  test(`clean: ${name}`, () => assert.equal(clean(text, 100), expected));
}

test('a cap does not cut a character in half', () => {
  assert.equal(clean('aaa😀bbb', 5), 'aaa…');
  assert.equal(clean('aaa😀bbb', 6), 'aaa😀…');
  assert.equal(clean('aaaaaa', 6), 'aaaaaa');
});

for (const { text, expected } of [
  { text: 'see https://evil.example/a.php', expected: 'see hxxps[://]evil[.]example/a[.]php' },
  { text: 'HTTP://EVIL.EXAMPLE', expected: 'HxxP[://]EVIL[.]EXAMPLE' },
  { text: 'write to a.b@evil.example', expected: 'write to a[.]b[@]evil[.]example' },
  { text: 'ftp://x and javascript://y', expected: 'fxp[://]x and javascript[://]y' },
  { text: 'A sentence. And another.', expected: 'A sentence. And another.' },
  { text: '0.7 × confidence, 99.5%', expected: '0.7 × confidence, 99.5%' },
  { text: 'evil\u3002com and 1.2.3.4', expected: 'evil[\u3002]com and 1[.]2[.]3[.]4' },
  { text: 'mailto:x@y file:///a \\\\b\\c //d', expected: 'mailto[:]x[@]y file[://]/a [\\\\]b\\c [//]d' },
]) {
  test(`prose without links: ${text}`, () => assert.equal(cleanProse(text, 200), expected));
}

test('a link inside a link is taken apart too', () => {
  const value = cleanValue({ type: 'url', value: 'http://evil.example/?to=https://second.example/' }, 200);
  assert.doesNotMatch(value, /https?:/i);
});

const LINE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

test('what Outlook and Gmail make links of is none any more, in prose and in values of any type', () => {
  for (const text of LINKED_TEXTS) {
    assert.notDeepEqual(linksIn(text), [], `${text} is a link to begin with`);
    for (const around of [
      text,
      `see ${text}`,
      `(${text})`,
      `a=${text}`,
      `${text}\u200b`,
      `\u202e${text}`,
      `${text}.`,
    ]) {
      assert.deepEqual(linksIn(cleanProse(around, 300)), [], cleanProse(around, 300));
      for (const type of INDICATOR_TYPES) {
        const shown = cleanValue({ type, value: around }, 300);
        assert.deepEqual(linksIn(shown), [], `${type} ${shown}`);
      }
    }
  }
});

test('what is taken apart stays as it is when it is taken apart again', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const once = cleanProse(text, 400);
      assert.equal(cleanProse(once, 1000), once);
    }),
  );
});

test('no text of a feed keeps a link, by any guess that linkify-it knows', () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom(...LINKED_TEXTS), hostileText, fc.constantFrom(' ', '.', ':', '/', '@', '[', ']', '\\')),
  );
  fc.assert(
    fc.property(pieces, fc.integer({ min: 4, max: 300 }), (parts, cap) => {
      const shown = cleanProse(parts.join(''), cap);
      assert.deepEqual(linksIn(shown), [], shown);
    }),
    { numRuns: Number(process.env.TIPLINE_PROPERTY_RUNS ?? 1000) },
  );
});

test('no text breaks a line, hides a character or turns the reading order', () => {
  fc.assert(
    fc.property(hostileText, fc.integer({ min: 4, max: 300 }), (text, cap) => {
      for (const shown of [clean(text, cap), cleanProse(text, cap)]) assert.match(shown, LINE);
      assert.ok(clean(text, cap).length <= cap);
    }),
  );
});

test('no value of any type keeps a link that a mail program would follow', () => {
  fc.assert(
    fc.property(fc.constantFrom(...INDICATOR_TYPES), hostileText, (type, value) => {
      const shown = cleanValue({ type, value }, 200);
      assert.match(shown, LINE);
      assert.deepEqual(linksIn(shown), [], shown);
    }),
  );
});

test('escaped text is no markup, and reads the same', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const escaped = escapeHtml(text);
      assert.doesNotMatch(escaped, /[<>"'`]|&(?!#\d+;)/);
      assert.equal(
        escaped.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code))),
        text,
      );
    }),
  );
});

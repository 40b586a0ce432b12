import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress } from '../../../alerting/channels/address.ts';

for (const [text, expected] of [
  ['security@example.org', { name: '', address: 'security@example.org' }],
  [' root@localhost ', { name: '', address: 'root@localhost' }],
  ['Tip Line <tip+line@example.org>', { name: 'Tip Line', address: 'tip+line@example.org' }],
  ['"Line, Tip" <tip@example.org>', { name: 'Line, Tip', address: 'tip@example.org' }],
] as const) {
  test(`reads ${text}`, () => assert.deepEqual(readAddress(text, 'to'), expected));
}

for (const text of [
  '',
  'nobody',
  '@example.org',
  'a@b@example.org',
  'a@example.org, b@example.org',
  'a@example.org\r\nBcc: b@example.org',
  'Name\r\nBcc: x <a@example.org>',
  'group: a@example.org;',
  '<a@example.org> <b@example.org>',
  'a(comment)@example.org',
  '"a b"@example.org',
  'a@-example.org',
]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => readAddress(text, 'alerting.email.from'), {
      code: 'BAD_MAIL_ADDRESS',
      message: /^alerting\.email\.from: must be one address such as/,
    });
  });
}

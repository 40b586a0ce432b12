import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSmtpAddress } from '../../../alerting/channels/smtp-address.ts';

for (const [url, expected] of [
  ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, secure: false, auth: undefined, loopback: true }],
  ['smtp://mail.example.org', { host: 'mail.example.org', port: 25, secure: false, auth: undefined, loopback: false }],
  [
    'smtp://u@mail.example.org',
    { host: 'mail.example.org', port: 587, secure: false, auth: { user: 'u', pass: '' }, loopback: false },
  ],
  [
    'smtps://tip%40example.org:p%3Ass%2Fw@mail.example.org/',
    {
      host: 'mail.example.org',
      port: 465,
      secure: true,
      auth: { user: 'tip@example.org', pass: 'p:ss/w' },
      loopback: false,
    },
  ],
  ['smtp://[::1]:25', { host: '::1', port: 25, secure: false, auth: undefined, loopback: true }],
  ['smtp://localhost', { host: 'localhost', port: 25, secure: false, auth: undefined, loopback: true }],
  [
    'smtp://127.0.0.1.example.org',
    { host: '127.0.0.1.example.org', port: 25, secure: false, auth: undefined, loopback: false },
  ],
] as const) {
  test(`reads ${url}`, () => assert.deepEqual(readSmtpAddress(url), expected));
}

for (const url of [
  'smtp://',
  'http://u:secret@example.org',
  'smtp://u:secret@example.org/inbox',
  'smtp://example.org?tls=no',
  'smtp://u:sec ret@ho st',
]) {
  test(`refuses ${url}, without repeating it`, () => {
    assert.throws(
      () => readSmtpAddress(url),
      (error: Error & { code?: string }) => error.code === 'BAD_SMTP_ADDRESS' && !/secret|sec ret/.test(error.message),
    );
  });
}

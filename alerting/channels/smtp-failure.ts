import { clean } from '../clean.ts';
import type { Failure } from './channel.ts';

/** What a failed conversation means, with advice. A server's own words are cleaned: they end in the log and in health. */
export function failureOf(error: unknown, where: string): Failure {
  const { code, responseCode, message } = read(error);
  const said = clean(message, 240);
  const permanent = responseCode >= 500 && responseCode !== 503;
  switch (code) {
    case 'EAUTH':
      return {
        kind: 'unreachable',
        lasting: permanent,
        message: `${where} refuses the user name or password of alerting.email.smtp: ${said}`,
      };
    case 'EENVELOPE':
    case 'EMESSAGE':
      return permanent
        ? {
            kind: 'refused',
            lasting: true,
            message: `${where} refuses the mail; check alerting.email.from, alerting.email.to and the server's rules: ${said}`,
          }
        : { kind: 'unreachable', lasting: false, message: `${where} does not take the mail now: ${said}` };
    case 'ETLS':
    case 'ESOCKET':
      if (/certificate|altnames|self.signed|CERT_/i.test(message)) {
        return {
          kind: 'unreachable',
          lasting: true,
          message: `the certificate of ${where} is not trusted; set alerting.email.ca to its authority: ${said}`,
        };
      }
      if (responseCode > 0 && code === 'ETLS') {
        return {
          kind: 'unreachable',
          lasting: true,
          message: `${where} offers no TLS, which another machine must, for a password always, else unless alerting.email.tls is opportunistic: ${said}`,
        };
      }
      return { kind: 'unreachable', lasting: false, message: `no connection to ${where}: ${said}` };
    case 'ETIMEDOUT':
    case 'EABORT':
      return { kind: 'unreachable', lasting: false, message: `${where} does not answer in time: ${said}` };
    default:
      return { kind: 'unreachable', lasting: false, message: `no mail to ${where}: ${said}` };
  }
}

function read(error: unknown): { code: string; responseCode: number; message: string } {
  if (!(error instanceof Error)) return { code: '', responseCode: 0, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const responseCode = 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : 0;
  return { code, responseCode, message: error.message };
}

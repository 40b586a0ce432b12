import { z } from 'zod';
import { basicAuthorization } from './redirect.ts';

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be the name of an HTTP header');
const headerValue = z
  .string()
  .max(8192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line');

/** The ways in which a server may want to know who asks; a client certificate is one of `tls`. */
export const credentialKeys = {
  username: z.string().min(1).max(500).optional().describe('User for HTTP Basic authentication.'),
  password: z.string().max(2000).optional().describe('Password for HTTP Basic authentication.'),
  token: z
    .string()
    .min(1)
    .max(8192)
    .regex(/^[\x21-\x7e]+$/, 'must be a token without spaces')
    .optional()
    .describe('Token that is sent as "Authorization: Bearer …".'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('Further headers for the server, such as one that holds an API key.'),
};

interface Credentials {
  username?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
  headers: Readonly<Record<string, string>>;
}

export function refuseTwoCredentials({ username, password, token }: Credentials, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if (username !== undefined && password === undefined) refuse('password', 'must be there with username');
  if (username === undefined && password !== undefined) refuse('username', 'must be there with password');
  if (username !== undefined && token !== undefined)
    refuse('token', 'goes into the same header as username and password');
}

export function headersOf({ username, password, token, headers }: Credentials): Record<string, string> {
  return {
    ...(username === undefined ? {} : { authorization: basicAuthorization(username, password ?? '') }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  };
}

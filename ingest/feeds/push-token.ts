import { hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const token = z
  .string({ error: 'must be a secret that scripts send along: make one with "openssl rand -hex 32"' })
  .min(16, 'must have at least 16 characters: make one with "openssl rand -hex 32"')
  .max(500)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** One or several secrets that clients of a listening feed show: several, so that each has its own or one can be changed. */
export const pushToken = z.union([token, z.array(token).min(1).max(20)]);

/** Tells whether a text is one of the tokens. All are compared, each in constant time: how long it takes tells nothing of any of them. */
export function tokenCheck(tokens: z.output<typeof pushToken>): (told: string) => boolean {
  const digests = [tokens].flat().map(digestOf);
  return (told) => {
    const digest = digestOf(told);
    let known = false;
    for (const each of digests) known = timingSafeEqual(digest, each) || known;
    return known;
  };
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

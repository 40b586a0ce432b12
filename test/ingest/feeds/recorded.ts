import type { Answer } from '../web.ts';

/** The same answer, once the body of the request is there and kept. */
export function recorded(bodies: string[], answer: Answer): Answer {
  return (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      bodies.push(body);
      answer(request, response);
    });
  };
}

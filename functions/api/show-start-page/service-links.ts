import type { FileResponse } from '../../runtime/http.ts';

/** Whether a client accepts JSON but no HTML page. A client without `Accept`, or with one for any type, gets the page. */
export const acceptsOnlyJson = (accept = '*/*'): boolean =>
  /\bapplication\/([\w.-]+\+)?json\b/.test(accept) &&
  !/text\/\*|\btext\/html\b|\*\/\*/.test(accept);

const body = JSON.stringify({
  object: 'service',
  name: 'Darkroom',
  console: '/console',
  document: '/openapi.json',
  health: '/healthz',
});

/** The addresses that a program can go on with. */
export const serviceLinks: FileResponse = {
  file: Buffer.from(body).toString('base64'),
  headers: { 'content-type': 'application/json', vary: 'accept, accept-encoding' },
};

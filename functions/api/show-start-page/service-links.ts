import type { FileResponse } from '../../runtime/http.ts';

/** Whether a client asks for JSON and would take no page. One that says nothing, or that it takes anything, gets the page. */
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

/** Where a program finds what it can use. */
export const wayOn: FileResponse = {
  file: Buffer.from(body).toString('base64'),
  headers: { 'content-type': 'application/json', vary: 'accept, accept-encoding' },
};

import { consolePath, documentPath, healthPath } from '../../domain/model/paths.ts';
import type { FileResponse } from '../../runtime/http.ts';

/** What a client finds at the start: the page, or the links for one that accepts JSON alone. */
export const startPage = (accept: string | undefined, page: () => FileResponse): FileResponse =>
  acceptsOnlyJson(accept) ? serviceLinks : page();

/** Whether a client accepts JSON but no HTML page. A client without `Accept`, or with one for any type, gets the page. */
const acceptsOnlyJson = (accept = '*/*'): boolean =>
  /\bapplication\/([\w.-]+\+)?json\b/.test(accept) &&
  !/text\/\*|\btext\/html\b|\*\/\*/.test(accept);

const body = JSON.stringify({
  object: 'service',
  name: 'Darkroom',
  console: consolePath,
  document: documentPath,
  health: healthPath,
});

/** The addresses that a program can go on with. */
const serviceLinks: FileResponse = {
  file: Buffer.from(body).toString('base64'),
  headers: { 'content-type': 'application/json', vary: 'accept, accept-encoding' },
};

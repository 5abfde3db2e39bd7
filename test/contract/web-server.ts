import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { serve } from '../unit/adapters/outbound/server.ts';

/** A web server with a page at each of these paths, and 404 everywhere else. */
export async function webServer(
  pages: Readonly<Record<string, (response: ServerResponse) => void>>,
): ReturnType<typeof serve> {
  const server = await serve((request, response) => {
    const page = pages[request.url ?? ''];
    if (page) page(response);
    else response.writeHead(404).end();
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

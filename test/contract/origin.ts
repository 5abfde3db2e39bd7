import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { serve } from '../unit/network/server.ts';

/** Somebody's web server: what it does at each path; elsewhere it has nothing. */
export async function origin(
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

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { onTestFinished } from 'vitest';

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** Receives callbacks and records them; the first ones get these statuses as a response. */
export async function callbackReceiver(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(statuses[received.length - 1] ?? 204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    received,
    callbackUrl: `http://127.0.0.1:${port}/callbacks?secret=s3`,
    /** Plain headers, as a function gets them. */
    plain: (one: Received | undefined) => ({
      body: one?.body ?? '',
      headers: Object.fromEntries(
        Object.entries(one?.headers ?? {}).map(([name, value]) => [name, value?.toString()]),
      ),
    }),
  };
}

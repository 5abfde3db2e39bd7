import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../../../local/aws/listen.ts';

type ReceivedRequest = { readonly path: string; readonly body: string; hasResponded: boolean };

/** A server that records its requests. Its responses come in two pieces, so that there is a moment in the middle. */
export async function startReceiver() {
  const requests: ReceivedRequest[] = [];
  const listeners = new Set<() => void>();
  const notice = () => {
    for (const listener of listeners) listener();
  };
  const server = createServer(async (request, response) => {
    const one: ReceivedRequest = {
      path: request.url ?? '',
      body: await text(request),
      hasResponded: false,
    };
    requests.push(one);
    notice();
    response.once('finish', () => {
      one.hasResponded = true;
      notice();
    });
    response.write('{"begun":');
    setImmediate(() => response.end('true}'));
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return {
    url,
    requests,
    paths: () => requests.map(({ path }) => path),
    async until(condition: () => boolean): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = () => {
        if (condition()) resolve();
      };
      listeners.add(check);
      check();
      await promise;
    },
  };
}

import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../../local/listen.ts';

type Heard = { readonly path: string; readonly body: string; answered: boolean };

/** A server that keeps what it is asked. Its answers come in two pieces, so that they have a middle. */
export async function startReceiver() {
  const heard: Heard[] = [];
  const listeners = new Set<() => void>();
  const notice = () => {
    for (const listener of listeners) listener();
  };
  const server = createServer(async (request, response) => {
    const one: Heard = { path: request.url ?? '', body: await text(request), answered: false };
    heard.push(one);
    notice();
    response.once('finish', () => {
      one.answered = true;
      notice();
    });
    response.write('{"begun":');
    setImmediate(() => response.end('true}'));
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return {
    url,
    heard,
    paths: () => heard.map(({ path }) => path),
    async until(isSo: () => boolean): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (isSo()) resolve();
      };
      listeners.add(look);
      look();
      await promise;
    },
  };
}

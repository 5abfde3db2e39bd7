import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import { callWords } from './call-words.ts';

/** Who has a say in the calls that a function makes to the outside. */
export type Witness = {
  /** Heard before the first byte leaves; answers whether the function may not outlive the call. */
  calling(call: string): boolean;
  /** Heard when such a call is over, before the function learns of it. */
  called(): never;
};

/** Makes the witness of every request of this thread, by `node:http` or by `fetch`. */
export function watchCalls(witness: Witness): void {
  const doomed = new WeakSet<ClientRequest>();
  subscribe('http.client.request.created', (message) => {
    const request = requestIn(message);
    if (!request || !witness.calling(wordsOf(request))) return;
    doomed.add(request);
    request
      .prependOnceListener('error', witness.called)
      .prependOnceListener('close', witness.called);
  });
  // Comes with the head of the answer, right before it is handed to whoever waits for it.
  subscribe('http.client.response.finish', (message) => {
    const request = requestIn(message);
    if (!request || !doomed.has(request)) return;
    request.removeAllListeners('response').once('response', (response) => {
      for (const over of ['end', 'error', 'close']) response.once(over, witness.called);
      response.resume();
    });
  });
  // Its channels report the head of an answer, but cannot keep it from the function.
  globalThis.fetch = watchedFetch(globalThis.fetch, witness);
}

const watchedFetch =
  (fetch: typeof globalThis.fetch, witness: Witness): typeof globalThis.fetch =>
  async (input, init) => {
    const { url, method } = input instanceof Request ? input : { url: input, method: 'GET' };
    const call = callWords({ method: init?.method ?? method, url: new URL(url) });
    if (!witness.calling(call)) return fetch(input, init);
    await fetch(input, init)
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
    return witness.called();
  };

function requestIn(message: unknown): ClientRequest | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined;
  return message.request instanceof ClientRequest ? message.request : undefined;
}

const wordsOf = (request: ClientRequest): string =>
  callWords({
    method: request.method,
    url: new URL(request.path, `${request.protocol}//${request.host}`),
    authorization: headerOf(request, 'authorization'),
    target: headerOf(request, 'x-amz-target'),
  });

const headerOf = (request: ClientRequest, name: string): string | undefined =>
  request.getHeader(name)?.toString();

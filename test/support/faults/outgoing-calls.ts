import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';

/** Is called around the outgoing calls of a function. */
export type CallWatcher = {
  /** Before the first byte is sent. */
  beforeCall(call: string): WatchedCall;
  /** When such a call is over, before the function gets the response. Never returns. */
  afterCall(): never;
};

type WatchedCall = {
  /** Whether the function crashes after it. */
  readonly crashesAfter: boolean;
  /** Is called when the function gets the head of the response, or an error. */
  over(): void;
};

/** Calls the watcher at every request of this thread, by `node:http` or by `fetch`. */
export function watchCalls(watcher: CallWatcher): void {
  const calls = new WeakMap<ClientRequest, WatchedCall>();
  const callIn = (message: unknown) => {
    const request = requestIn(message);
    const call = request && calls.get(request);
    return call && { request, ...call };
  };
  subscribe('http.client.request.created', (message) => {
    const request = requestIn(message);
    if (!request) return;
    const call = watcher.beforeCall(describeRequest(request));
    calls.set(request, call);
    if (!call.crashesAfter) return;
    request
      .prependOnceListener('error', watcher.afterCall)
      .prependOnceListener('close', watcher.afterCall);
  });
  // Published with the head of the response, right before the `response` listeners get it.
  subscribe('http.client.response.finish', (message) => {
    const call = callIn(message);
    if (!call?.crashesAfter) return call?.over();
    call.request.removeAllListeners('response').once('response', (response) => {
      for (const event of ['end', 'error', 'close']) response.once(event, watcher.afterCall);
      response.resume();
    });
  });
  subscribe('http.client.request.error', (message) => callIn(message)?.over());
  // The channels of fetch report the head of a response, but cannot keep it from the function.
  globalThis.fetch = watchedFetch(globalThis.fetch, watcher);
}

const watchedFetch =
  (fetch: typeof globalThis.fetch, watcher: CallWatcher): typeof globalThis.fetch =>
  async (input, init) => {
    const { url, method } = input instanceof Request ? input : { url: input, method: 'GET' };
    const call = watcher.beforeCall(
      describeCall({ method: init?.method ?? method, url: new URL(url) }),
    );
    if (!call.crashesAfter) return fetch(input, init).finally(call.over);
    await fetch(input, init)
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
    return watcher.afterCall();
  };

function requestIn(message: unknown): ClientRequest | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined;
  return message.request instanceof ClientRequest ? message.request : undefined;
}

const describeRequest = (request: ClientRequest): string =>
  describeCall({
    method: request.method,
    url: new URL(request.path, `${request.protocol}//${request.host}`),
    authorization: headerOf(request, 'authorization'),
    target: headerOf(request, 'x-amz-target'),
  });

const headerOf = (request: ClientRequest, name: string): string | undefined =>
  request.getHeader(name)?.toString();

type OutgoingCall = {
  readonly method: string;
  readonly url: URL;
  readonly authorization?: string | undefined;
  /** The header `x-amz-target`. */
  readonly target?: string | undefined;
};

/**
 * A description of a call that is the same in every run: `dynamodb TransactWriteItems`, `s3 PutObject`,
 * `POST 127.0.0.1 /api/v1/tasks/…`.
 */
function describeCall({ method, url, authorization = '', target = '' }: OutgoingCall): string {
  const [, service] = /\/([a-z0-9-]+)\/aws4_request\b/.exec(authorization) ?? [];
  if (service === undefined) return `${method} ${url.hostname} ${describePath(url.pathname)}`;
  const operation = target.split('.').at(-1) || url.searchParams.get('x-id');
  return `${service} ${operation || method}`;
}

// Short lower-case words with at most one digit. Every other segment may be an id or a secret.
const plainSegment = /^(?=.{0,24}$)[a-z-]*\d?[a-z.-]*$/;

const describePath = (path: string): string =>
  path
    .split('/')
    .map((segment) => (plainSegment.test(segment) ? segment : '…'))
    .join('/');

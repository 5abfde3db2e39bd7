import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { IncomingMessage, Server } from 'node:http';
import * as z from 'zod';

/** A request to a server of this process. */
export type RecordedRequest = {
  readonly method: string;
  readonly path: string;
  /** The operation of an AWS service with a JSON protocol, like `StartExecution`; empty for other requests. */
  readonly operation: string;
  readonly milliseconds: number;
};

const channels = { start: 'http.server.request.start', finish: 'http.server.response.finish' };
const Address = z.object({ port: z.number() });

/** Records every request to the servers of the local stack, which all run in this process, by their URL. */
export function recordRequests() {
  const requests = new Map<string, RecordedRequest[]>();
  const startedAt = new WeakMap<IncomingMessage, number>();

  const onStart = (message: unknown) => {
    const { request } = partsOf(message);
    if (request) startedAt.set(request, performance.now());
  };
  const onFinish = (message: unknown) => {
    const { request, server } = partsOf(message);
    const address = Address.safeParse(server?.address());
    if (!request || !address.success) return;
    const url = `http://127.0.0.1:${address.data.port}`;
    const milliseconds = performance.now() - (startedAt.get(request) ?? performance.now());
    const { method = '', url: path = '', headers } = request;
    const [, operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
    const recorded = { method, path, operation, milliseconds };
    requests.set(url, [...(requests.get(url) ?? []), recorded]);
  };
  subscribe(channels.start, onStart);
  subscribe(channels.finish, onFinish);
  return {
    requestsTo: (url: string): readonly RecordedRequest[] =>
      requests.get(url.replace(/\/$/, '')) ?? [],
    forget: () => requests.clear(),
    close(): void {
      unsubscribe(channels.start, onStart);
      unsubscribe(channels.finish, onFinish);
    },
  };
}

function partsOf(message: unknown) {
  if (typeof message !== 'object' || message === null) return {};
  const request = 'request' in message ? message.request : undefined;
  const server = 'server' in message ? message.server : undefined;
  return {
    request: request instanceof IncomingMessage ? request : undefined,
    server: server instanceof Server ? server : undefined,
  };
}

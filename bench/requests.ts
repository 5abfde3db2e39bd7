import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { IncomingMessage, Server } from 'node:http';
import * as z from 'zod';

/** A request that a server of this process has answered. */
export type Served = {
  readonly method: string;
  readonly path: string;
  readonly milliseconds: number;
};

const channels = { begun: 'http.server.request.start', done: 'http.server.response.finish' };
const Address = z.object({ port: z.number() });

/** Hears of every request to the servers of the laptop, which all live in this process, by address. */
export function listenIn() {
  const served = new Map<string, Served[]>();
  const begunAt = new WeakMap<IncomingMessage, number>();

  const begun = (message: unknown) => {
    const { request } = partsOf(message);
    if (request) begunAt.set(request, performance.now());
  };
  const done = (message: unknown) => {
    const { request, server } = partsOf(message);
    const address = Address.safeParse(server?.address());
    if (!request || !address.success) return;
    const url = `http://127.0.0.1:${address.data.port}`;
    const milliseconds = performance.now() - (begunAt.get(request) ?? performance.now());
    const { method = '', url: path = '' } = request;
    served.set(url, [...(served.get(url) ?? []), { method, path, milliseconds }]);
  };
  subscribe(channels.begun, begun);
  subscribe(channels.done, done);
  return {
    servedBy: (url: string): readonly Served[] => served.get(url.replace(/\/$/, '')) ?? [],
    forget: () => served.clear(),
    close(): void {
      unsubscribe(channels.begun, begun);
      unsubscribe(channels.done, done);
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

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type RunningServer } from './listen.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A port of 127.0.0.1 that is taken before anybody knows who will serve it. */
export type Listener = RunningServer & {
  /** Serves all requests that are not below a mounted path, until the returned function is called. */
  serve(handler: Handler): () => void;
  /** Hands all requests to this path and below it to the handler. */
  mount(prefix: string, handler: Handler): void;
  readonly prefixes: () => readonly string[];
};

/** Takes a port; 0 takes any free one. Until somebody serves it, every response is a 503. */
export async function openListener(port: number): Promise<Listener> {
  const mounts = new Map<string, Handler>();
  let serving: Handler = unavailable;
  const server = createServer((request, response) => {
    const [, mounted] = [...mounts].find(([prefix]) => isBelow(prefix, request.url ?? '')) ?? [];
    (mounted ?? serving)(request, response);
  });
  return {
    ...(await listen(server, port)),
    serve(handler) {
      serving = handler;
      return () => {
        serving = unavailable;
      };
    },
    mount: (prefix, handler) => void mounts.set(prefix, handler),
    prefixes: () => [...mounts.keys()],
  };
}

const isBelow = (prefix: string, target: string): boolean =>
  target.startsWith(prefix) && /^([/?]|$)/.test(target.slice(prefix.length));

const unavailable: Handler = (_, response) => {
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end('{"message":"Service Unavailable"}');
};

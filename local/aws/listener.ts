import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listen, type RunningServer } from './listen.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Gets a request that cannot be read, on its connection, and the status that Node has for it. */
type RejectedHandler = (status: number, socket: Socket) => void;

// Node has 16 KB and 2,000 headers, and drops further headers. The gateway counts the values only, so it must
// see long names too, and it responds in its own words.
const maxHeaderSize = 1024 * 1024;
const anyNumber = 0;

/** A port of 127.0.0.1 that is taken before anybody knows who will serve it. */
export type Listener = RunningServer & {
  /** Serves all requests that are not below a mounted path, until the returned function is called. */
  serve(handler: Handler, rejected?: RejectedHandler): () => void;
  /** Hands all requests to this path and below it to the handler. */
  mount(prefix: string, handler: Handler): void;
  readonly prefixes: () => readonly string[];
};

/** Takes a port; 0 takes any free one. Until somebody serves it, every response is a 503. */
export async function openListener(port: number): Promise<Listener> {
  const mounts = new Map<string, Handler>();
  let serving: Handler = unavailable;
  let rejected: RejectedHandler = destroy;
  const server = createServer({ maxHeaderSize }, (request, response) => {
    const [, mounted] = [...mounts].find(([prefix]) => isBelow(prefix, request.url ?? '')) ?? [];
    (mounted ?? serving)(request, response);
  });
  server.maxHeadersCount = anyNumber;
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket: Socket) => {
    // A connection that was reset can get no response.
    if (socket.writable && code !== 'ECONNRESET') rejected(statusOf[code] ?? 400, socket);
    else socket.destroy();
  });
  return {
    ...(await listen(server, port)),
    serve(handler, onRejected = destroy) {
      serving = handler;
      rejected = onRejected;
      return () => {
        serving = unavailable;
        rejected = destroy;
      };
    },
    mount: (prefix, handler) => void mounts.set(prefix, handler),
    prefixes: () => [...mounts.keys()],
  };
}

const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const destroy: RejectedHandler = (_status, socket) => void socket.destroy();

const isBelow = (prefix: string, target: string): boolean =>
  target.startsWith(prefix) && /^([/?]|$)/.test(target.slice(prefix.length));

const unavailable: Handler = (_, response) => {
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end('{"message":"Service Unavailable"}');
};

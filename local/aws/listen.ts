import type { Server } from 'node:http';
import * as z from 'zod';

/** A server of the local stack that listens on 127.0.0.1. */
export type RunningServer = { readonly url: string; close(): Promise<void> };

/** Starts to listen; port 0 takes any free one. */
export async function listen(server: Server, port: number): Promise<RunningServer> {
  // Longer than any client keeps an idle connection. If the server closed it first, then on a busy machine
  // a client would send a request on the connection that is just being closed.
  server.keepAliveTimeout = 65_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await promise;
  const address = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

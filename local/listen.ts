import type { Server } from 'node:http';
import * as z from 'zod';

/** A part of the laptop that listens on 127.0.0.1. */
export type Running = { readonly url: string; close(): Promise<void> };

/** Starts to listen; port 0 takes any free one. */
export async function listen(server: Server, port: number): Promise<Running> {
  // Longer than any client keeps a connection: on a busy machine one that we close is one it just used.
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

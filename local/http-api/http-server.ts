import type { IncomingMessage, Server } from 'node:http';
import * as z from 'zod';

/** A part of the laptop that listens on 127.0.0.1. */
export type Running = { readonly url: string; close(): Promise<void> };

/** Starts to listen; port 0 takes any free one. */
export async function listen(server: Server, port: number): Promise<Running> {
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

/** The whole body, or `undefined` if it is longer than allowed. Reads to the end either way, so that the answer is heard. */
export async function readBody(
  request: IncomingMessage,
  maxBytes = Infinity,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined;
}

import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

type Seen = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { readonly body: string };

type Certificate = { readonly key: string; readonly cert: string };

/** A server on this machine that remembers who came, even those who connected and said nothing. */
export async function serve(answer: RequestListener, certificate?: Certificate) {
  const seen: Seen[] = [];
  let connections = 0;
  const listener: RequestListener = async (request, response) => {
    const { method, url, headers } = request;
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ method, url, headers, body });
    answer(request, response);
  };
  const server = certificate
    ? https.createServer(certificate, listener)
    : http.createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP answers with a record; the string is for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    connections: () => connections,
    port,
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers without an end, and keeps count of what was taken from it, with what lies in buffers. */
export function endless() {
  const poured = { bytes: 0 };
  const chunk = Buffer.alloc(65_536, 0x55);
  const answer: RequestListener = (_request, response) => {
    const pour = () => {
      do poured.bytes += chunk.length;
      while (response.write(chunk));
    };
    response.on('drain', pour);
    pour();
  };
  return { poured, answer };
}

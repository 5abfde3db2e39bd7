import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

type ReceivedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & {
  readonly body: string;
};

type Certificate = { readonly key: string; readonly cert: string };

/** A local server that records its requests, and counts its connections, also those without a request. */
export async function serve(handle: RequestListener, certificate?: Certificate) {
  const requests: ReceivedRequest[] = [];
  let connections = 0;
  const listener: RequestListener = async (request, response) => {
    const { method, url, headers } = request;
    const body = Buffer.concat(await request.toArray()).toString();
    requests.push({ method, url, headers, body });
    handle(request, response);
  };
  const server = certificate
    ? https.createServer(certificate, listener)
    : http.createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Always a record for a server that listens on TCP; the string is for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    connections: () => connections,
    port,
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A response that never ends, and how many bytes were written, those in buffers included. */
export function endless() {
  const written = { bytes: 0 };
  const chunk = Buffer.alloc(65_536, 0x55);
  const handle: RequestListener = (_request, response) => {
    const write = () => {
      do written.bytes += chunk.length;
      while (response.write(chunk));
    };
    response.on('drain', write);
    write();
  };
  return { written, handle };
}

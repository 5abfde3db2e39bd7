import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { listen } from '../../local/listen.ts';

type Received = {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
};

export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
};

/** A caller's server: keeps what it is sent, and answers with these statuses, the last one for ever. */
export async function startReceiver(...statuses: readonly number[]): Promise<Receiver> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses[received.length] ?? statuses.at(-1) ?? 200;
      const body = Buffer.concat(chunks).toString();
      received.push({ headers: request.headers, body, path: request.url ?? '' });
      response.writeHead(status, { location: '/elsewhere' }).end('thank you');
    });
  });
  const { url, close } = await listen(server, 0);
  return { url, received, close };
}

/** A server that has pictures, each under the path it is given. */
export async function servePictures(
  pictures: Readonly<Record<string, Uint8Array>>,
): Promise<Receiver> {
  const server = createServer((request, response) => {
    const picture = pictures[request.url ?? ''];
    response.writeHead(picture ? 200 : 404).end(picture);
  });
  return { received: [], ...(await listen(server, 0)) };
}

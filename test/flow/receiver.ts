import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { listen } from '../../local/aws/listen.ts';

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

/** A webhook receiver: keeps the requests it gets, and answers with these statuses in turn; the last one repeats. */
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

/** A server that serves images, each under its path. */
export async function serveImages(images: Readonly<Record<string, Uint8Array>>): Promise<Receiver> {
  const server = createServer((request, response) => {
    const image = images[request.url ?? ''];
    response.writeHead(image ? 200 : 404).end(image);
  });
  return { received: [], ...(await listen(server, 0)) };
}

import { createServer } from 'node:http';
import { listen } from '../local/listen.ts';

/** A caller's server: knows when the first byte of each callback came, by its path. */
export type Inbox = {
  readonly url: string;
  readonly toldAt: ReadonlyMap<string, number>;
  close(): Promise<void>;
};

export async function openInbox(): Promise<Inbox> {
  const toldAt = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    toldAt.set(path, toldAt.get(path) ?? Date.now());
    request.resume().once('end', () => response.writeHead(204).end());
  });
  return { toldAt, ...(await listen(server, 0)) };
}

import type { IncomingMessage } from 'node:http';

/**
 * The whole body, or `undefined` if it is longer than allowed. A body that is too long is read to its end
 * as well, so that the client gets to read the response.
 */
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

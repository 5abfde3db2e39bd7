import type { IncomingMessage } from 'node:http';

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

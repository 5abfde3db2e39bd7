/** Far above any response of a provider, in bytes after unpacking. */
const maxResponseBytes = 1024 * 1024;

/**
 * The body of a response as JSON; `undefined` when it is not JSON, did not arrive completely or is longer than
 * `maxResponseBytes`: the rest of it is not read.
 */
export async function readBoundedJson({ body }: Response): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readBounded(body)));
  } catch {
    return undefined;
  }
}

/** Leaving the loop early cancels the body, and with it the unpacking. */
async function readBounded(body: Response['body']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxResponseBytes) throw new RangeError('the response is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

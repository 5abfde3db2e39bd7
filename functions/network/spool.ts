import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TooLarge, unreachable } from './errors.ts';

type Options = { readonly maxBytes: number; readonly directory?: string | undefined };

/** A body on disk. Whoever holds it disposes of it, and the file is gone. */
export type Spooled = AsyncDisposable & {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, in base64. */
  readonly sha256: string;
};

/**
 * Streams a body to a file, never whole into memory.
 * @throws {TooLarge} as soon as more than `maxBytes` have come; the body is destroyed
 * @throws {Unreachable} when the body breaks off
 */
export async function spool(body: Readable, options: Options): Promise<Spooled> {
  const { maxBytes, directory = tmpdir() } = options;
  const path = join(directory, `spool-${randomUUID()}`);
  const remove = () => rm(path, { force: true });
  const hash = createHash('sha256');
  let bytes = 0;

  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new TooLarge(`is larger than ${maxBytes} bytes`);
      hash.update(chunk);
      yield chunk;
    }
  };

  try {
    await pipeline(received(body), counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, bytes, sha256: hash.digest('base64'), [Symbol.asyncDispose]: remove };
}

// Only what goes wrong on the way to us is the sender's; a full disk is ours.
async function* received(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw unreachable(cause);
  }
}

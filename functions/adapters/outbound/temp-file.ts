import { createHash, randomUUID } from 'node:crypto';
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TooLarge, toUnreachable } from './errors.ts';

type Options = { readonly maxBytes: number; readonly directory?: string | undefined };

/** A body in a file. Disposing of it removes the file. */
export type TempFile = AsyncDisposable & {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** A range of it, shorter only at its end. */
  readonly read: (from: number, bytes: number) => Uint8Array;
  /** SHA-256 of the bytes, in base64. */
  readonly sha256: string;
};

/**
 * Streams a body to a temporary file, never whole into memory. The caller disposes of the file.
 * @throws {TooLarge} as soon as more than `maxBytes` have arrived; the body is destroyed
 * @throws {Unreachable} when the body breaks off
 */
export async function saveToTempFile(body: Readable, options: Options): Promise<TempFile> {
  const { maxBytes, directory = tmpdir() } = options;
  const path = join(directory, `download-${randomUUID()}`);
  const remove = () => rm(path, { force: true });
  const hash = createHash('sha256');
  let size = 0;

  const countAndHash = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > maxBytes) throw new TooLarge(`is larger than ${maxBytes} bytes`);
      hash.update(chunk);
      yield chunk;
    }
  };

  try {
    // Opened before the body is read: otherwise, when the body breaks off early, the file could be made after it was
    // removed.
    const fd = openSync(path, 'wx', 0o600);
    await pipeline(readBody(body), countAndHash, createWriteStream(path, { fd }));
  } catch (error) {
    body.destroy();
    await remove();
    throw error;
  }
  return {
    path,
    size,
    sha256: hash.digest('base64'),
    read: (from, bytes) => readRange(path, from, bytes),
    [Symbol.asyncDispose]: remove,
  };
}

function readRange(path: string, from: number, bytes: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const range = Buffer.alloc(bytes);
    return range.subarray(0, readSync(file, range, 0, bytes, from));
  } finally {
    closeSync(file);
  }
}

// Only errors of the body itself are the sender's fault. A full disk, for one, is not.
async function* readBody(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw toUnreachable(cause);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TooLarge, toUnreachable } from './errors.ts';

type Options = { readonly maxBytes: number; readonly directory?: string | undefined };

/** A body in a file without a name. Disposing of it frees its place on the disk. */
export type TempFile = AsyncDisposable & {
  /** In bytes. */
  readonly size: number;
  /** A range of it, shorter only at its end. */
  readonly read: (from: number, bytes: number) => Uint8Array;
  /** All of it. Whoever asks destroys the stream before the file is disposed of. */
  readonly stream: () => Readable;
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
  body.on('error', () => {}); // one that comes while the file is opened; reading the body throws it
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

  let file: FileHandle | undefined;
  try {
    file = await openWithoutName(directory);
    await file.writeFile(countAndHash(readBody(body)));
  } catch (error) {
    body.destroy();
    await file?.close();
    throw error;
  }
  return tempFile(file, size, hash.digest('base64'));
}

/**
 * A file that has lost its name and exists as long as it is open. The operating system deletes it with the process:
 * Lambda kills a function that is out of time or memory, and keeps its disk for the next process.
 */
async function openWithoutName(directory: string): Promise<FileHandle> {
  const path = join(directory, `download-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

const streamBytes = 64 * 1024;

function tempFile(file: FileHandle, size: number, sha256: string): TempFile {
  const pieces = async function* () {
    for (let position = 0; position < size; position += streamBytes) {
      const length = Math.min(streamBytes, size - position);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      yield buffer.subarray(0, bytesRead);
    }
  };
  return {
    size,
    sha256,
    read: (from, bytes) => {
      const range = Buffer.alloc(bytes);
      return range.subarray(0, readSync(file.fd, range, 0, bytes, from));
    },
    stream: () => Readable.from(pieces(), { objectMode: false }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

// Only errors of the body itself are the sender's fault. A full disk, for one, is not.
async function* readBody(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw toUnreachable(cause);
  }
}

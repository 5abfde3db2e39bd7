import { createHash, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TooLarge, toUnreachable } from './errors.ts';

type Options = { readonly maxBytes: number; readonly directory?: string | undefined };

/** A body in a file without a name. Disposing of it frees its place on the disk. */
export type TempFile = AsyncDisposable & {
  /** In bytes. */
  readonly size: number;
  /** A range of the file, shorter only at its end. */
  readonly read: (from: number, bytes: number) => Uint8Array;
  /** The whole file. The caller destroys the stream before it disposes of the file. */
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
  const hash = createHash('sha256');
  let size = 0;
  let file: number | undefined;
  try {
    // Opened synchronously: an error of a body that nobody reads yet would end the process.
    file = openWithoutName(directory);
    for await (const chunk of readBody(body)) {
      size += chunk.length;
      if (size > maxBytes) throw new TooLarge(`is larger than ${maxBytes} bytes`);
      hash.update(chunk);
      writeFileSync(file, chunk);
    }
  } catch (error) {
    body.destroy();
    if (file !== undefined) closeSync(file);
    throw error;
  }
  return tempFile(file, size, hash.digest('base64'));
}

/**
 * A file that has lost its name and exists as long as it is open. The operating system deletes it with the process:
 * Lambda kills a function that is out of time or memory, and keeps its disk for the next process.
 */
function openWithoutName(directory: string): number {
  const path = join(directory, `download-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  rmSync(path);
  return file;
}

const streamBytes = 64 * 1024;

function tempFile(file: number, size: number, sha256: string): TempFile {
  let isOpen = true;
  const read = (from: number, bytes: number) => {
    // The number of a closed file is given to the next file that is opened, so a late read would read that one.
    if (!isOpen) throw new Error('the file is closed');
    const range = Buffer.alloc(bytes);
    return range.subarray(0, readSync(file, range, 0, bytes, from));
  };
  const pieces = function* () {
    for (let from = 0; from < size; from += streamBytes) yield read(from, streamBytes);
  };
  return {
    size,
    sha256,
    read,
    stream: () => Readable.from(pieces(), { objectMode: false }),
    [Symbol.asyncDispose]: async () => {
      isOpen = false;
      closeSync(file);
    },
  };
}

// Only errors of the body itself are the sender's fault. A full disk, for example, is not.
async function* readBody(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw toUnreachable(cause);
  }
}

import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib';
import { urlProblems } from '../../domain/model/url-problems.ts';
import { Unreachable } from './errors.ts';

/**
 * A body without its `Content-Encoding`, unpacked while it is read. Some servers compress although they were asked
 * not to. `toUnreachable` translates the errors.
 * @throws {Unreachable} when the encoding is not known; the body is destroyed
 */
export function unpack(body: Readable, contentEncoding = ''): Readable {
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return body;
  const decompress = decompressors.get(encoding);
  if (!decompress) {
    body.destroy();
    throw new Unreachable(urlProblems.unknownEncoding);
  }
  // An error of either stream reaches the reader. When the reading stops, both are closed.
  return pipeline(body, decompress(), () => undefined);
}

const decompressors = new Map<string, () => Duplex>([
  ['gzip', () => createUnzip()],
  ['x-gzip', () => createUnzip()],
  ['deflate', () => createUnzip()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

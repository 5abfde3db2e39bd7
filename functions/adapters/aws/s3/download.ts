import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib';
import { contentTypeOf, imageFormats } from '../../../domain/model/image-format.ts';
import { urlProblems } from '../../../domain/model/url-problems.ts';
import type { UrlRules } from '../../outbound/check-url.ts';
import { Unreachable } from '../../outbound/errors.ts';
import { discardBody, guardedRequest } from '../../outbound/guarded-request.ts';
import { saveToTempFile, type TempFile } from '../../outbound/temp-file.ts';

export type DownloadOptions = {
  readonly rules: UrlRules;
  /** Who is asking, and where its operator can be found: hosts like Wikimedia's refuse clients that do not say so. */
  readonly userAgent: string;
  /** Counted after the body is unpacked. */
  readonly maxBytes: number;
  readonly deadlineMs: number;
};

// The accepted formats come first, so that a host which can choose the format of a picture chooses one of them.
const accept = [...imageFormats.map(contentTypeOf), '*/*;q=0.5'].join();
/** As many as browsers and `fetch` follow. The deadline covers all of them. */
const maxRedirects = 20;

/** The name of this service when it fetches pictures. */
export const userAgentOf = (publicUrl: string): string => `Darkroom/1 (+${publicUrl})`;

/** The file on disk; for another status than a 2xx only the status. */
export type Downloaded =
  | { readonly status: number; readonly file: TempFile }
  | { readonly status: number; readonly file: undefined };

/**
 * Downloads a picture from an untrusted address to a file on disk; it is never in memory as a whole.
 * The caller disposes of the file.
 * @throws {AddressNotAllowed | Unreachable | TooLarge}
 */
export async function download(
  url: string,
  { maxBytes, userAgent, ...options }: DownloadOptions,
): Promise<Downloaded> {
  const { status, headers, body } = await guardedRequest(url, {
    method: 'GET',
    headers: { accept, 'user-agent': userAgent },
    redirects: maxRedirects,
    ...options,
  });
  if (status < 200 || status > 299) {
    await discardBody(body, 0);
    return { status, file: undefined };
  }
  const unpacked = unpack(body, headers['content-encoding']);
  return { status, file: await saveToTempFile(unpacked, { maxBytes }) };
}

/**
 * A body without its `Content-Encoding`, unpacked while it is read. Some servers compress although they were asked
 * not to. `toUnreachable` translates the errors.
 * @throws {Unreachable} when the encoding is not known; the body is destroyed
 */
function unpack(body: Readable, contentEncoding = ''): Readable {
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

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { S3Error, type S3ErrorCode } from './error.ts';
import type { Headers } from './http-request.ts';

export type Digest = { update(chunk: Buffer): unknown; digest(encoding: 'base64' | 'hex'): string };

export const Algorithm = z.enum(['CRC32', 'SHA1', 'SHA256']);
/** The checksum algorithms of S3 that can be computed here. */
export type Algorithm = z.infer<typeof Algorithm>;

const algorithms: Record<Algorithm, () => Digest> = {
  CRC32: crc32Digest,
  SHA1: () => createHash('sha1'),
  SHA256: () => createHash('sha256'),
};

export const startDigest = (algorithm: Algorithm): Digest => algorithms[algorithm]();

/** The header that has such a checksum. */
export const checksumHeader = (algorithm: Algorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;

const makers: Record<string, () => Digest> = {
  'content-md5': () => createHash('md5'),
  ...Object.fromEntries(Algorithm.options.map((name) => [checksumHeader(name), algorithms[name]])),
};

/** The algorithm of the checksum that the client sends with the body. */
export const sentAlgorithm = (headers: Headers): Algorithm | undefined =>
  Algorithm.options.find(
    (algorithm) =>
      headers[checksumHeader(algorithm)] !== undefined ||
      inTrailer(headers).includes(checksumHeader(algorithm)),
  );

export type Check = {
  readonly digest: Digest;
  /** In base64; called after the whole body was read, since a trailer comes last. */
  readonly expected: () => string | undefined;
  readonly code: S3ErrorCode;
};

/** The digests of the body that the client declares, in headers or in trailers that are still to come. */
export function declaredChecks(headers: Headers, trailers: ReadonlyMap<string, string>): Check[] {
  const names = [...Object.keys(headers).filter((name) => headers[name]), ...inTrailer(headers)];
  return names.filter(isChecksum).map((name) => {
    const maker = makers[name];
    if (!maker) throw new S3Error('NotImplemented', `This S3 cannot compute ${name}.`);
    return {
      digest: maker(),
      expected: () => headers[name] ?? trailers.get(name),
      code: 'BadDigest',
    };
  });
}

const inTrailer = (headers: Headers): readonly string[] =>
  headers['x-amz-trailer']?.toLowerCase().split(',') ?? [];

/** The check of a signed body. `hash` is its SHA-256 in hex. */
export const signedPayload = (hash: string): Check => ({
  digest: createHash('sha256'),
  expected: () => Buffer.from(hash, 'hex').toString('base64'),
  code: 'XAmzContentSHA256Mismatch',
});

/** Passes the body through. @throws {S3Error} at its end when a digest does not match */
export async function* checked(
  body: AsyncIterable<Buffer>,
  checks: readonly Check[],
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (const { digest } of checks) digest.update(chunk);
    yield chunk;
  }
  const failed = checks.find(({ digest, expected }) => digest.digest('base64') !== expected());
  if (failed) throw new S3Error(failed.code);
}

function crc32Digest(): Digest {
  let sum = 0;
  return {
    update: (chunk) => {
      sum = crc32(chunk, sum);
    },
    digest: (encoding) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(sum);
      return bytes.toString(encoding);
    },
  };
}

const isChecksum = (name: string): boolean =>
  name === 'content-md5' || /^x-amz-checksum-(?!algorithm$|mode$|type$)/.test(name);

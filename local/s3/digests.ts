import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Headers } from './call.ts';
import { Fault, type FaultCode } from './fault.ts';

export type Digest = { update(chunk: Buffer): unknown; digest(encoding: 'base64' | 'hex'): string };

const makers: Record<string, () => Digest> = {
  'content-md5': () => createHash('md5'),
  'x-amz-checksum-crc32': crc32Digest,
  'x-amz-checksum-sha1': () => createHash('sha1'),
  'x-amz-checksum-sha256': () => createHash('sha256'),
};

export type Check = {
  readonly digest: Digest;
  /** In base64, asked when the body has gone by: a trailer comes last. */
  readonly expected: () => string | undefined;
  readonly code: FaultCode;
};

/** What the sender says the body's digests are, in headers or in the trailers to come. */
export function declaredChecks(headers: Headers, trailers: ReadonlyMap<string, string>): Check[] {
  const inTrailer = headers['x-amz-trailer']?.toLowerCase().split(',') ?? [];
  const names = [...Object.keys(headers).filter((name) => headers[name]), ...inTrailer];
  return names.filter(isChecksum).map((name) => {
    const maker = makers[name];
    if (!maker) throw new Fault('NotImplemented', `This S3 cannot compute ${name}.`);
    return {
      digest: maker(),
      expected: () => headers[name] ?? trailers.get(name),
      code: 'BadDigest',
    };
  });
}

/** The body that was signed. `hash` is the SHA-256 in hex. */
export const signedPayload = (hash: string): Check => ({
  digest: createHash('sha256'),
  expected: () => Buffer.from(hash, 'hex').toString('base64'),
  code: 'XAmzContentSHA256Mismatch',
});

/** Lets the body through and throws at its end when a digest is another one. */
export async function* checked(
  body: AsyncIterable<Buffer>,
  checks: readonly Check[],
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (const { digest } of checks) digest.update(chunk);
    yield chunk;
  }
  const failed = checks.find(({ digest, expected }) => digest.digest('base64') !== expected());
  if (failed) throw new Fault(failed.code);
}

export function crc32Digest(): Digest {
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

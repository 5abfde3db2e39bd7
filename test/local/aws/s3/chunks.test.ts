import { expect, test } from 'vitest';
import { unchunked } from '../../../../local/aws/s3/aws-chunked.ts';
import { checked, declaredChecks } from '../../../../local/aws/s3/digests.ts';

async function received(wire: string, announced = 5): Promise<string> {
  const trailers = new Map<string, string>();
  const checks = declaredChecks({ 'x-amz-trailer': 'x-amz-checksum-crc32' }, trailers);
  // Byte by byte, so that every part is split somewhere.
  async function* bytes() {
    for (const byte of Buffer.from(wire)) yield Buffer.of(byte);
  }
  const pieces: Buffer[] = [];
  for await (const piece of checked(unchunked(bytes(), announced, trailers), checks)) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

test('chunks are decoded to the body', async () => {
  const wire = '2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';

  expect(await received(wire)).toBe('hello');
});

test.each([
  ['a wrong checksum', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'BadDigest'],
  ['no checksum', '5\r\nhello\r\n0\r\n\r\n', 'BadDigest'],
  ['another length', '4\r\nhell\r\n0\r\n\r\n', 'IncompleteBody'],
  ['an end in the middle', '5\r\nhel', 'IncompleteBody'],
  ['an invalid size', 'five\r\nhello\r\n', 'IncompleteBody'],
  ['a chunk that is longer than its size', '5\r\nhello!\r\n0\r\n\r\n', 'IncompleteBody'],
])('a body with %s is rejected', async (_, wire, code) => {
  await expect(received(wire)).rejects.toMatchObject({ code });
});

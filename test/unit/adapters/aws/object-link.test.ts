import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { objectLinks } from '../../../../functions/adapters/aws/s3/presign.ts';

const Key = 'prepared/task-unified-1757156493-imcg5zqt/0.jpeg';
const at = Date.UTC(2026, 2, 2, 9, 30, 40);

test.each<[string, string | undefined, string | undefined]>([
  ['at AWS, with the token of a role', undefined, 'a/token+with=signs'],
  ['at AWS, without one', undefined, undefined],
  ['in the local stack', 'http://127.0.0.1:4000', 'token'],
])('a link %s is the one that the SDK signs', async (_, endpoint, sessionToken) => {
  const region = 'eu-central-1';
  const client = new S3Client({
    region,
    credentials: {
      accessKeyId: 'AKIA1',
      secretAccessKey: 'secret',
      ...(sessionToken && { sessionToken }),
    },
    ...(endpoint && { endpoint, forcePathStyle: true }),
  });
  // Removes what the SDK adds to its own requests and S3 does not need.
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args as { request: { query: Record<string, string> } };
      delete request.query['x-id'];
      delete (request as unknown as { headers: Record<string, string> }).headers[
        'x-amz-checksum-mode'
      ];
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  const command = new GetObjectCommand({ Bucket: 'inputs', Key });
  const expected = new URL(
    await getSignedUrl(client, command, { expiresIn: 900, signingDate: new Date(at) }),
  );

  const link = new URL(
    await objectLinks(client.config, { bucket: 'inputs', endpoint, expiresIn: 900 })(Key, at),
  );

  expect(link.origin + link.pathname).toBe(expected.origin + expected.pathname);
  expect(Object.fromEntries(link.searchParams)).toEqual(Object.fromEntries(expected.searchParams));
});

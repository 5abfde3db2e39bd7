import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { bucketsOf } from '../../local/aws/template/read-buckets.ts';
import type { TestStack } from './open-stack.ts';

/** The keys of all objects of a task in all buckets, every version of them, read with the local stack's own key. */
export async function storedPictures(
  { context, environment }: TestStack,
  taskId: string,
): Promise<readonly string[]> {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL_S3'] ?? '',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  const lists = await Promise.all(
    bucketsOf(context).map(({ name }) =>
      client.send(new ListObjectVersionsCommand({ Bucket: name })),
    ),
  ).finally(() => client.destroy());
  return lists
    .flatMap(({ Versions = [], DeleteMarkers = [] }) => [...Versions, ...DeleteMarkers])
    .flatMap(({ Key = '' }) => (Key.includes(taskId) ? [Key] : []))
    .sort();
}

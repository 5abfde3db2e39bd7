import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { TaskPictures } from '../../../domain/tasks/ports.ts';
import { preparedPrefix, resultPrefix, uploadPrefix } from './bucket-keys.ts';

type BucketNames = { readonly inputs: string; readonly results: string };

/**
 * Deletes the pictures of a task in S3. A file that was uploaded for later is not one of them: other tasks may use
 * it, and the bucket deletes it after a day.
 */
export const taskPictures = (client: S3Client, { inputs, results }: BucketNames): TaskPictures => ({
  deleteAll: async (taskId) => {
    await Promise.all([
      deleteVersions(client, inputs, uploadPrefix(taskId)),
      deleteVersions(client, inputs, preparedPrefix(taskId)),
      deleteVersions(client, results, resultPrefix(taskId)),
    ]);
  },
});

/** So many are deleted at once; a task has no more than four pictures of a kind, unless there are versions. */
const pageSize = 50;

// Versions, since an operator may have switched them on: without a version id, a deletion then only hides an object.
// In a bucket that has never had them, every object is its version `null`.
async function deleteVersions(client: S3Client, Bucket: string, Prefix: string): Promise<void> {
  for (;;) {
    const {
      Versions = [],
      DeleteMarkers = [],
      IsTruncated,
    } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: pageSize }));
    const found: readonly ObjectVersion[] = [...Versions, ...DeleteMarkers];
    await Promise.all(
      found.map(({ Key, VersionId }) =>
        client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })),
      ),
    );
    if (!IsTruncated) return;
  }
}

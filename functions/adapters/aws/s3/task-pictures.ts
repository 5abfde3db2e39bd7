import type { S3Client } from '@aws-sdk/client-s3';
import type { TaskPictures } from '../../../domain/tasks/ports.ts';
import { preparedPrefix, resultPrefix, thumbnailPrefix, uploadPrefix } from './bucket-keys.ts';
import { deleteVersions } from './objects.ts';

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
      deleteVersions(client, inputs, thumbnailPrefix(taskId)),
      deleteVersions(client, results, resultPrefix(taskId)),
      deleteVersions(client, results, thumbnailPrefix(taskId)),
    ]);
  },
});

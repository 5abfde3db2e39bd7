import { S3Client } from '@aws-sdk/client-s3';
import { s3ClientConfig } from '../../adapters/aws/client-config.ts';
import { hostedFileTable } from '../../adapters/aws/dynamodb/hosted-file-table.ts';
import { fileBucketDeletion } from '../../adapters/aws/s3/hosted-bucket.ts';
import { deleteFile } from '../../domain/files/delete-file.ts';
import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/delete-file');
const remove = deleteFile({
  files: hostedFileTable(dynamo, env.FILE_TABLE),
  bucket: fileBucketDeletion(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  now: Date.now,
});

export const handler = serve(
  route,
  async ({ params: { file_id }, caller }) => {
    await remove(file_id, caller.account);
    return { body: filesResponse('File deleted successfully', { file_id }) };
  },
  callers,
);

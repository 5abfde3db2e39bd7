import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { fileKey } from '../aws/bucket-keys.ts';
import { callersOf } from '../aws/callers.ts';
import { uploadForms } from '../aws/upload-form.ts';
import { readEnv } from '../runtime/env.ts';
import { route } from '../runtime/http.ts';
import { createFile } from '../task/create-file.ts';
import { newFileId } from '../task/ids.ts';
import { FileRequest } from '../task/request.ts';

const env = readEnv('api/create-file');
const now = Date.now;
const form = uploadForms(new S3Client(), env.INPUT_BUCKET);
const create = createFile({
  baseUrl: env.PUBLIC_URL,
  now,
  newId: newFileId,
  formFor: (account, fileId, type) => form(fileKey(account, fileId), type, now()),
});

export const handler = route(
  callersOf(new DynamoDBClient(), env),
  FileRequest,
  async ({ body, caller }) => ({
    status: 200,
    body: await create(body, caller.account),
  }),
);

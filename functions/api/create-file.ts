import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
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
const dynamo = new DynamoDBClient();
const form = uploadForms(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
});
const create = createFile({
  baseUrl: env.PUBLIC_URL,
  now,
  newId: newFileId,
  formFor: (account, fileId, type) => form(fileKey(account, fileId), type, now()),
});

export const handler = route(callersOf(dynamo, env), FileRequest, async ({ body, caller }) => ({
  status: 200,
  body: await create(body, caller.account),
}));

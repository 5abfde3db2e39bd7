import { fileKey } from '../../adapters/aws/s3/bucket-keys.ts';
import { uploadForms } from '../../adapters/aws/s3/presign.ts';
import { maxInputBytes } from '../../domain/model/catalogue.ts';
import { newFileId } from '../../domain/model/ids.ts';
import { createFile } from '../../domain/tasks/input-files.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/create-file');
const now = Date.now;
const form = uploadForms(dynamo.config, {
  bucket: env.INPUT_BUCKET,
  endpoint: env.AWS_ENDPOINT_URL_S3,
  maxBytes: maxInputBytes,
});
const create = createFile({
  baseUrl: env.PUBLIC_URL,
  now,
  newId: newFileId,
  formFor: (account, fileId, type) => form(fileKey(account, fileId), type, now()),
});

export const handler = serve(
  route,
  async ({ body, caller }) => ({ body: await create(body, caller.account) }),
  callers,
);

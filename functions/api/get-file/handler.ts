import { S3Client } from '@aws-sdk/client-s3';
import { s3ClientConfig } from '../../adapters/aws/client-config.ts';
import { fileBucket } from '../../adapters/aws/s3/file-bucket.ts';
import { requestHeaders } from '../../domain/model/http-headers.ts';
import { getFile } from '../../domain/tasks/input-files.ts';
import { deliveryFor } from '../../domain/wire/deliver-picture.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/get-file');
const get = getFile({ files: fileBucket(new S3Client(s3ClientConfig), env.INPUT_BUCKET) });

export const handler = serve(
  route,
  async ({ params, caller, method, headers }) =>
    get(params.file_id, caller.account, deliveryFor(method, headers[requestHeaders.authorization])),
  callers,
);

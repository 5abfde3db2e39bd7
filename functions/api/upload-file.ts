import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { hostedFileTable } from '../adapters/aws/dynamodb/hosted-file-table.ts';
import { userAgentOf } from '../adapters/aws/s3/download.ts';
import { fileDownloader, fileReceiver } from '../adapters/aws/s3/hosted-bucket.ts';
import { cachedSecret } from '../adapters/aws/secrets.ts';
import { filesView } from '../domain/files/file-response.ts';
import { type Incoming, uploadFile } from '../domain/files/upload-file.ts';
import type { Caller } from '../domain/model/api-key.ts';
import { maxInputBytes } from '../domain/model/catalogue.ts';
import { maxUploadBytes } from '../domain/model/hosted-file.ts';
import { newUploadId } from '../domain/model/ids.ts';
import { maxSignedUrlLength } from '../domain/model/task.ts';
import { filesResponse } from '../domain/wire/files-envelope.ts';
import { readEnv } from '../runtime/env.ts';
import { dynamo } from './callers.ts';

// What the three ways to upload a file share.

const env = readEnv('api/upload-file');
const s3 = new S3Client(s3ClientConfig);
const store = uploadFile({
  files: hostedFileTable(dynamo, env.FILE_TABLE),
  now: Date.now,
  newUploadId,
});
const view = filesView({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, Date.now),
});

/** A file that arrives in the body of a request. */
export const receiveFile = fileReceiver(s3, {
  bucket: env.INPUT_BUCKET,
  maxBytes: maxUploadBytes,
});
/** A file at an address that the caller names. Plain http is allowed, as published; private addresses never are. */
export const downloadFile = fileDownloader(s3, {
  bucket: env.INPUT_BUCKET,
  maxBytes: maxInputBytes,
  userAgent: userAgentOf(env.PUBLIC_URL),
  http: true,
  allowLoopback: env.ALLOW_LOOPBACK,
  maxLength: maxSignedUrlLength,
});

/** Stores a file and returns the response of its upload. */
export async function upload(receive: () => Promise<Incoming>, caller: Caller) {
  const [uploaded] = await view([await store(receive, caller)]);
  if (!uploaded) throw new Error('a file without a view');
  return filesResponse('File uploaded successfully', uploaded);
}

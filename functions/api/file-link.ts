import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { hostedFileTable } from '../adapters/aws/dynamodb/hosted-file-table.ts';
import { storedFiles } from '../adapters/aws/s3/hosted-bucket.ts';
import { secretVersions } from '../adapters/aws/secret-versions.ts';
import { openFileLink } from '../domain/files/file-link.ts';
import { hostedFileTtlMs } from '../domain/model/hosted-file.ts';
import { signingKeys } from '../domain/model/signing-keys.ts';
import { readEnv } from '../runtime/env.ts';

const env = readEnv('api/open-file-link');

/** Opens a signed link to a file: to show the file or to save it. */
export const openLink = openFileLink({
  files: hostedFileTable(new DynamoDBClient(clientConfig), env.FILE_TABLE),
  bucket: storedFiles(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  keys: signingKeys({
    readVersions: secretVersions(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET),
    now: Date.now,
    signatureValidForMs: hostedFileTtlMs,
  }),
  now: Date.now,
});

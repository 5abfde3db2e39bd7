import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { hostedFileTable } from '../../adapters/aws/dynamodb/hosted-file-table.ts';
import { cachedSecret } from '../../adapters/aws/secrets.ts';
import { filesView } from '../../domain/files/file-response.ts';
import { listFiles } from '../../domain/files/list-files.ts';
import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-files');
const list = listFiles({ files: hostedFileTable(dynamo, env.FILE_TABLE), now: Date.now });
const view = filesView({
  baseUrl: env.PUBLIC_URL,
  secret: cachedSecret(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET, Date.now),
});

export const handler = serve(
  route,
  async ({ query, caller }) => {
    const { total, files } = await list(query, caller.account);
    return { body: filesResponse('success', { total, files: await view(files) }) };
  },
  callers,
);

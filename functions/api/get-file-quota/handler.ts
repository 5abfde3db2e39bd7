import { hostedFileTable } from '../../adapters/aws/dynamodb/hosted-file-table.ts';
import { fileQuota } from '../../domain/files/list-files.ts';
import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-files');
const quota = fileQuota({ files: hostedFileTable(dynamo, env.FILE_TABLE), now: Date.now });

export const handler = serve(
  route,
  async ({ caller }) => ({
    body: filesResponse('success', await quota(caller.account, caller.userGroup)),
  }),
  callers,
);

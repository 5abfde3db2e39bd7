import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../../aws/account-table.ts';
import { callersOf } from '../../aws/callers.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { RotationRequest } from '../../task/admin/account-request.ts';
import { rotateSecret } from '../../task/admin/accounts.ts';

const env = readEnv('api/admin/rotate-secret');
const dynamo = new DynamoDBClient();
const run = rotateSecret({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE), now: Date.now });

export const handler = route(
  callersOf(dynamo, env),
  RotationRequest,
  async ({ body, path }) => ({
    status: 200,
    body: await run(path['account'] ?? '', body),
  }),
  { scope: 'admin' },
);

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callersOf } from '../../aws/callers.ts';
import { credits } from '../../aws/credits.ts';
import { readEnv } from '../../runtime/env.ts';
import { route } from '../../runtime/http.ts';
import { CreditRequest } from '../../task/admin/account-request.ts';
import { creditAccount } from '../../task/admin/credit-account.ts';

const env = readEnv('api/admin/credit-account');
const dynamo = new DynamoDBClient();
const run = creditAccount({
  ledger: credits(dynamo, { accounts: env.ACCOUNT_TABLE, idempotency: env.IDEMPOTENCY_TABLE }),
  now: Date.now,
});

export const handler = route(
  callersOf(dynamo, env),
  CreditRequest,
  async ({ body, path, caller, headers }) => {
    const { entry, replayed } = await run(body, {
      account: path['account'] ?? '',
      keyId: caller.keyId,
      idempotencyKey: headers['idempotency-key'],
    });
    return {
      status: 200,
      headers: replayed ? { 'idempotency-replayed': 'true' } : {},
      body: entry,
    };
  },
  { scope: 'admin' },
);

import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { credits } from '../../adapters/aws/dynamodb/credits.ts';
import { creditAccount } from '../../domain/accounts/credit-account.ts';
import { requestHeaders } from '../../domain/model/http-headers.ts';
import { readEnv } from '../../runtime/env.ts';
import { replayedHeader, serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/credit-account');
const credit = creditAccount({
  ledger: credits(
    dynamo,
    {
      accounts: env.ACCOUNT_TABLE,
      idempotency: env.IDEMPOTENCY_TABLE,
      audit: env.AUDIT_TABLE,
    },
    (account, cause) => log('warn', 'credits.not_spread', { account, cause }),
  ),
  accounts: accountTable(dynamo, env.ACCOUNT_TABLE),
  now: Date.now,
});

export const handler = serve(
  route,
  async (request) => {
    const { params, body, caller, headers } = request;
    const context = {
      account: params.account,
      keyId: caller.keyId,
      idempotencyKey: headers[requestHeaders.idempotencyKey],
    };
    const { entry, replayed } = await credit(body, context, actOf('creditAccount', request));
    return { headers: replayedHeader(replayed), body: entry };
  },
  callers,
);

import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { deliverTest, sign } from '../../adapters/callbacks/deliver.ts';
import { urlProblem } from '../../adapters/outbound/check-url.ts';
import { limitTestEvents } from '../../domain/accounts/rate-limit.ts';
import { testWebhook } from '../../domain/accounts/test-webhook.ts';
import { currentSecrets } from '../../domain/model/account.ts';
import { newTestTaskId } from '../../domain/model/ids.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { activity, callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/test-webhook');
const now = Date.now;
const rules = { allowLoopback: env.ALLOW_LOOPBACK };
const accounts = accountTable(dynamo, env.ACCOUNT_TABLE);
const test = testWebhook({
  countTestEvent: limitTestEvents(activity, now),
  urlProblem: (url) => urlProblem(url, rules),
  deliver: async (account, { id, url, body }) => {
    const secrets = currentSecrets(await accounts.secrets(account), now());
    return deliverTest({ url, body, headers: sign(secrets, id, body, now()), rules });
  },
  newTestTaskId,
  baseUrl: env.PUBLIC_URL,
  now,
});

export const handler = serve(
  route,
  async ({ body, caller }) => ({ body: await test(caller, body) }),
  callers,
);

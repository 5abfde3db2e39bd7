import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { accountTable } from '../../adapters/aws/dynamodb/account-table.ts';
import { auditTable } from '../../adapters/aws/dynamodb/audit-table.ts';
import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { taskFunctionStarter } from '../../adapters/aws/task-function.ts';
import { existingAccount } from '../../domain/accounts/accounts.ts';
import { redeliverAllAudited } from '../../domain/tasks/redeliver.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/redeliver-callback');
const requireAccount = existingAccount({ accounts: accountTable(dynamo, env.ACCOUNT_TABLE) });
const send = redeliverAllAudited({
  audit: auditTable(dynamo, env.AUDIT_TABLE),
  history: taskHistory(dynamo, env.TASK_TABLE),
  tasks: taskTable(dynamo, env.TASK_TABLE),
  deliverCallback: taskFunctionStarter(new LambdaClient(clientConfig), env.NOTIFY_FUNCTION),
  now: Date.now,
  wakeFailed: (taskId, cause) => log('warn', 'wake.failed', { taskId, cause }),
});

export const handler = serve(
  route,
  async (request) => {
    const account = await requireAccount(request.params.account);
    return {
      body: await send(request.body, account, actOf('redeliverAccountCallbacks', request)),
    };
  },
  callers,
);

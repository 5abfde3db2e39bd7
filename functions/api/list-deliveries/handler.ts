import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { listDeliveries } from '../../domain/tasks/list-deliveries.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/list-tasks');
const list = listDeliveries({ history: taskHistory(dynamo, env.TASK_TABLE), now: Date.now });

export const handler = serve(
  route,
  async ({ query, caller }) => ({ body: await list(query, caller.account) }),
  callers,
);

import { taskHistory } from '../../adapters/aws/dynamodb/task-history.ts';
import { findTasks } from '../../domain/tasks/find-tasks.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/admin-reads');
const find = findTasks({ history: taskHistory(dynamo, env.TASK_TABLE), now: Date.now });

export const handler = serve(route, async ({ query }) => ({ body: await find(query) }), callers);

import * as z from 'zod';
import { spellDuration } from '../../domain/model/duration.ts';
import { patterns } from '../../domain/model/ids.ts';
import { waitForTaskPath } from '../../domain/model/paths.ts';
import { maxWaitSeconds } from '../../domain/model/task.ts';
import { takeUpMs } from '../../domain/tasks/wait-for-task.ts';
import { Task } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type FieldDocs, type RouteDocs } from '../../runtime/route.ts';
import { waitingPlace } from '../example-ids.ts';
import { taskId } from '../path-parameters.ts';
import * as examples from '../task-examples.ts';

export const response = Task;

const secondsRule = `must be a whole number from 1 to ${maxWaitSeconds}`;

const WaitQuery = z.strictObject({
  seconds: z
    .string(secondsRule)
    .regex(/^\d{1,2}$/, secondsRule)
    .default(String(maxWaitSeconds))
    .transform(Number)
    .refine((seconds) => seconds >= 1 && seconds <= maxWaitSeconds, secondsRule),
  place: z
    .string()
    .regex(patterns.waitingPlace, 'must be the place in the Location of a redirect')
    .optional(),
});

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: waitForTaskPath,
  function: 'wait-for-task',
  access: { scope: 'read' },
  rateLimit: 'calls',
  wait: 'here',
  slowBecause: 'it waits for a task',
  params: { task_id: taskId },
  query: WaitQuery,
  errors: [
    'rate_limit_exceeded',
    'invalid_request',
    'invalid_task_id',
    'task_not_found',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'waitForTask',
  tag: 'Tasks',
  summary: 'Wait for a task',
  description: `A request with \`Prefer: wait=N\` is redirected here; do not make this address yourself. The response comes when the task has ended, or when the time is over, with the task as it is then. A \`place\` works once, within ${spellDuration(takeUpMs)}; without a valid one the response comes at once and without \`Preference-Applied\`. The task is the same as in \`GET /v1/tasks/{task_id}\`, but without \`queue_position\`, \`callback.attempts\` and the \`link\` of each input. For a task that waits for a provider, \`estimated_time\` goes by the wait that was expected when the task began to wait.`,
  query: fields(),
  response: {
    name: 'Task',
    description: 'The task',
    examples: {
      completed: examples.completedTask,
      processing: examples.processingTask,
    },
  },
});

function fields(): Record<keyof z.input<typeof WaitQuery> | '', FieldDocs> {
  return {
    '': { description: 'How long to wait' },
    seconds: {
      description: 'For how many seconds',
      default: maxWaitSeconds,
      type: 'integer',
      minimum: 1,
      maximum: maxWaitSeconds,
      pattern: undefined,
      example: 20,
    },
    place: { description: 'The place to wait in, as the redirect gives it', example: waitingPlace },
  };
}

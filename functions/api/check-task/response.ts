import * as z from 'zod';
import { checkResults } from '../../domain/tasks/check-now.ts';
import { taskId } from '../../domain/wire/fields.ts';

export const TaskCheck = z
  .strictObject({
    object: z.literal('task_check'),
    task_id: taskId,
    result: z
      .enum(checkResults)
      .describe(
        '`woken`: its workflow waited, and asks the provider now. `running`: it works, nothing was done. `awaits_uploads`: its pictures may still come, nothing was done. `started`, `restarted`: the workflow was missing or dead. `postponed`: it died several times and is restarted soon',
      ),
  })
  .describe('What was done for a task');

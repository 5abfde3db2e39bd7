import * as z from 'zod';
import { Task } from '../../domain/wire/task-schemas.ts';

export const TaskBatch = z
  .strictObject({
    data: z
      .array(Task)
      .describe('In the order of the request, without ids that are no task of this account'),
  })
  .describe('Several tasks');

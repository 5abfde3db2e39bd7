import * as z from 'zod';
import { page } from '../../domain/wire/fields.ts';
import { TaskSummary } from '../../domain/wire/task-schemas.ts';

export const TaskList = page(TaskSummary)
  .extend({
    page: z
      .int()
      .min(1)
      .optional()
      .describe('Which page it is, when pages were asked for by number'),
    page_size: z.int().min(1).optional().describe('How many tasks such a page has at most'),
    total: z
      .int()
      .min(0)
      .optional()
      .describe(
        'How many tasks there are up to the end of such a page, and one more if another page may follow: on the last page it is the number of tasks that were found',
      ),
  })
  .describe('A page of tasks');

import * as z from 'zod';
import { cursorOf, limitOf, placeOf } from './cursor.ts';
import { isTaskId } from './ids.ts';
import { findModel, models } from './models.ts';
import { statuses } from './task.ts';

const rules = {
  status: `status must be one of: ${statuses.join(', ')}`,
  model: `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
  createdAfter: 'created_after must be a time in unix seconds',
  createdBefore: 'created_before must be a time in unix seconds',
  taskIds: 'task_ids must be a list of 1 to 50 task ids',
} as const;

const unixSeconds = (rule: string) =>
  z
    .string(rule)
    .regex(/^\d{1,11}$/, rule)
    .transform(Number);

/** The query of `GET /v1/tasks`. Parameters it does not know are ignored. */
export const ListRequest = z.object({
  limit: limitOf,
  cursor: cursorOf(placeOf(isTaskId)),
  status: z.enum(statuses, rules.status).optional(),
  model: z
    .string(rules.model)
    .refine((id) => findModel(id) !== undefined, rules.model)
    .optional(),
  created_after: unixSeconds(rules.createdAfter).optional(),
  created_before: unixSeconds(rules.createdBefore).optional(),
});
export type ListRequest = z.output<typeof ListRequest>;

/** The body of `POST /v1/tasks/batch`. */
export const BatchRequest = z.object(
  {
    task_ids: z
      .array(z.string(rules.taskIds).max(100, rules.taskIds), rules.taskIds)
      .min(1, rules.taskIds)
      .max(50, rules.taskIds),
  },
  'The body must be a JSON object.',
);
export type BatchRequest = z.output<typeof BatchRequest>;

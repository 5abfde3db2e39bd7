import * as z from 'zod';
import { placeIn } from './cursor.ts';
import { findModel, models } from './models.ts';
import { statuses } from './task.ts';

const rules = {
  limit: 'limit must be a whole number from 1 to 100',
  cursor: 'cursor must be the next_cursor of an earlier answer',
  status: `status must be one of: ${statuses.join(', ')}`,
  model: `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
  createdAfter: 'created_after must be a time in unix seconds',
  createdBefore: 'created_before must be a time in unix seconds',
  taskIds: 'task_ids must be a list of 1 to 50 task ids',
} as const;

const digits = (most: number, rule: string) =>
  z
    .string(rule)
    .regex(new RegExp(`^\\d{1,${most}}$`), rule)
    .transform(Number);

/** The query of `GET /v1/tasks`. Parameters it does not know are ignored. */
export const ListRequest = z.object({
  limit: digits(3, rules.limit)
    .refine((limit) => limit >= 1 && limit <= 100, rules.limit)
    .default(20),
  cursor: z
    .string(rules.cursor)
    .max(200, rules.cursor)
    .transform((text, context) => {
      const place = placeIn(text);
      if (!place) context.addIssue({ code: 'custom', message: rules.cursor });
      return place ?? z.NEVER;
    })
    .optional(),
  status: z.enum(statuses, rules.status).optional(),
  model: z
    .string(rules.model)
    .refine((id) => findModel(id) !== undefined, rules.model)
    .optional(),
  created_after: digits(11, rules.createdAfter).optional(),
  created_before: digits(11, rules.createdBefore).optional(),
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

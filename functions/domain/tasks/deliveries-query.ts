import * as z from 'zod';
import { isTaskId } from '../model/ids.ts';
import { callbackStates } from '../model/task.ts';
import { cursorKeySchema, cursorSchema, limitSchema } from '../wire/cursor.ts';
import { unixSecondsSchema } from '../wire/query-time.ts';

const rules = {
  status: `status must be one of: ${callbackStates.join(', ')}`,
  since: 'since must be a time in unix seconds',
  until: 'until must be a time in unix seconds',
  order: 'since must be before until',
} as const;

/** The query of `GET /v1/webhooks/deliveries`. */
export const DeliveriesQuery = z
  .strictObject({
    limit: limitSchema,
    cursor: cursorSchema(cursorKeySchema(isTaskId)),
    status: z.enum(callbackStates, rules.status).optional(),
    since: unixSecondsSchema(rules.since),
    until: unixSecondsSchema(rules.until),
  })
  .superRefine(({ since = -1, until = Infinity }, context) => {
    if (since < until) return;
    context.addIssue({ code: 'custom', path: ['since'], message: rules.order });
  });
export type DeliveriesQuery = z.output<typeof DeliveriesQuery>;

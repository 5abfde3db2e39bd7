import * as z from 'zod';
import { providerNames } from '../model/catalogue.ts';
import { isTaskId, patterns } from '../model/ids.ts';
import { modes } from '../model/mode.ts';
import { taskErrorCodes } from '../model/problem.ts';
import { callbackStates, statuses } from '../model/task.ts';
import { cursorKeySchema, cursorSchema, limitSchema } from '../wire/cursor.ts';
import { unixSecondsSchema } from '../wire/query-time.ts';

const rules = {
  account: 'account must be the name of an account',
  mode: `mode must be one of: ${modes.join(', ')}`,
  status: `status must be one of: ${statuses.join(', ')}`,
  code: `code must be one of: ${taskErrorCodes.join(', ')}`,
  provider: `provider must be one of: ${providerNames.join(', ')}`,
  callback: `callback must be one of: ${callbackStates.join(', ')}`,
  after: 'created_after must be a time in unix seconds',
  before: 'created_before must be a time in unix seconds',
  order: 'created_after must be before created_before',
} as const;

/** The query of `GET /v1/admin/tasks`. */
export const FindQuery = z
  .strictObject({
    limit: limitSchema,
    // Between two days there is a position without a task.
    cursor: cursorSchema(cursorKeySchema((id) => id === '' || isTaskId(id))),
    account: z.string(rules.account).regex(patterns.account, rules.account).optional(),
    mode: z.enum(modes, rules.mode).default('live'),
    status: z.enum(statuses, rules.status).optional(),
    code: z.enum(taskErrorCodes, rules.code).optional(),
    provider: z.enum(providerNames, rules.provider).optional(),
    callback: z.enum(callbackStates, rules.callback).optional(),
    created_after: unixSecondsSchema(rules.after),
    created_before: unixSecondsSchema(rules.before),
  })
  .superRefine(({ created_after: after = -1, created_before: before = Infinity }, context) => {
    if (after < before) return;
    context.addIssue({ code: 'custom', path: ['created_after'], message: rules.order });
  });
export type FindQuery = z.output<typeof FindQuery>;

import * as z from 'zod';
import { allProviderNames } from '../model/catalogue.ts';
import { taskErrorCodes } from '../model/problem.ts';
import { callbackStates, lanes, maxStoredAttempts, statuses } from '../model/task.ts';
import { accountName, credits, keyId, page, seconds, taskId } from './fields.ts';

// Tasks as the operator sees them.

const summary = {
  object: z.literal('admin.task'),
  id: taskId,
  account: accountName,
  livemode: z.boolean().describe('`false`: it was made with a test key, for play credits'),
  key_id: keyId,
  user_group: z.string(),
  model: z.string(),
  n: z.int().min(1).describe('How many images were asked for'),
  status: z.enum(statuses),
  code: z.enum(taskErrorCodes).nullable().describe('Why it failed'),
  provider: z
    .enum(allProviderNames)
    .nullable()
    .describe('The provider that has it, had it, or is asked right now'),
  callback: z
    .enum(callbackStates)
    .nullable()
    .describe('The state of its callback; `null`: there is none'),
  created_at: seconds('When it was created'),
  duration: z.int().min(0).nullable().describe('Seconds from creation to its end, if it ended'),
  result_count: z.int().min(0),
  credits_reserved: credits('What was reserved for it'),
  credits_used: credits('What it cost, if it ended').nullable(),
};

export const AdminTaskSummary = z
  .strictObject(summary)
  .describe('A task in the list of the operator');

const time = (what: string) => seconds(what).nullable();

export const AdminTask = z
  .strictObject({
    ...summary,
    message: z.string().nullable().describe('What its caller is told about the failure'),
    started_at: time('When its workflow began, with all pictures there'),
    deadline_at: time('When it fails if it has not ended'),
    submitted_at: time('When a provider accepted it'),
    completed_at: time('When it ended'),
    expires_at: time('When its record and its results are deleted'),
    cancel_requested_at: time('When it was cancelled'),
    can_cancel: z.boolean(),
    internals: z
      .strictObject({
        ticket: z.string().nullable().describe("The provider's id of the job"),
        slot: z
          .string()
          .nullable()
          .describe(
            'The slot of the provider that its job was submitted with; `null` at a provider without limits, and as long as it waits for one',
          ),
        lane: z.enum(lanes).describe('Where it waits for one, among the tasks of its account'),
        queued_at: time('When it began to wait for a slot, if it had to'),
        execution: z.int().min(1).describe('The number of its execution; above 1 when some died'),
        missing_uploads: z.int().min(0).describe('Pictures that were not uploaded yet'),
        typical_seconds: z.number().nullable().describe('How long such a job took before'),
        next_check_at: time('When the reconciler checks it'),
        submit_locked_at: time('Since when a provider is asked to accept it'),
        busy_count: z.int().min(0).describe('How often providers were busy'),
        polled_at: time('When the provider was polled last'),
        provider_webhook_at: time("When the provider's webhook reported about it"),
        is_waiting: z.boolean().describe('Whether its workflow waits and can be woken'),
        outcome: z
          .enum(['succeeded', 'failed'])
          .nullable()
          .describe('What came of it, before it is settled'),
        outcome_at: time('When that was known'),
      })
      .describe('Where it is. What belongs to the workflow is gone when it has ended'),
    callback_attempts: z
      .strictObject({
        host: z.string().describe('Where callbacks go, without path and query'),
        count: z.int().min(0).describe('How many there were in all'),
        last: z
          .array(
            z.strictObject({
              at: seconds('When'),
              ms: z.int().min(0).describe('How long it took'),
              status: z.int().nullable().describe('The HTTP status; `null`: no answer'),
              reason: z.string().nullable(),
            }),
          )
          .max(maxStoredAttempts)
          .describe('The last ones, the oldest first'),
      })
      .nullable()
      .describe('The attempts to deliver its callback, when it has ended and has one'),
  })
  .describe('A task with its internals');

export const AdminTaskList = page(AdminTaskSummary);

/**
 * What was done for a task: `running` is nothing, because its workflow works on it, and `awaits_uploads` nothing, because its
 * pictures may still come; `postponed` is a restart soon.
 */
const checkResults = [
  'woken',
  'running',
  'awaits_uploads',
  'started',
  'restarted',
  'postponed',
] as const;

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

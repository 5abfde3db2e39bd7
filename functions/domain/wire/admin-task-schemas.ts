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
  livemode: z.boolean().describe('`false`: the task was made with a test key, for play credits'),
  key_id: keyId,
  user_group: z.string(),
  model: z.string(),
  n: z.int().min(1).describe('How many images were requested'),
  status: z.enum(statuses),
  code: z.enum(taskErrorCodes).nullable().describe('Why the task failed'),
  provider: z
    .enum(allProviderNames)
    .nullable()
    .describe('The provider that has the job, had it, or is being asked to accept it'),
  callback: z
    .enum(callbackStates)
    .nullable()
    .describe('The state of the callback; `null`: the task has none'),
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
    message: z.string().nullable().describe('The message about the failure that the caller reads'),
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
            'The slot of the provider that the job was submitted with; `null` at a provider without limits, and while the task waits for a slot',
          ),
        lane: z
          .enum(lanes)
          .describe('The lane in which the task waits for a slot, among the tasks of its account'),
        queued_at: time('When the task began to wait for a slot, if it had to'),
        execution: z
          .int()
          .min(1)
          .describe('The number of the execution; above 1 when earlier ones died'),
        missing_uploads: z.int().min(0).describe('Pictures that were not uploaded yet'),
        typical_seconds: z
          .number()
          .nullable()
          .describe('How long such a job typically takes, in seconds'),
        next_check_at: time('When the reconciler next checks the task'),
        submit_locked_at: time(
          'Since when the submit lock is held: a provider is asked to accept the job',
        ),
        busy_count: z.int().min(0).describe('How often providers were busy'),
        polled_at: time('When the provider was polled last'),
        provider_webhook_at: time("When the provider's webhook reported about the job"),
        is_waiting: z.boolean().describe('Whether the workflow waits and can be woken'),
        outcome: z
          .enum(['succeeded', 'failed'])
          .nullable()
          .describe('The outcome of the job, until the task is settled'),
        outcome_at: time('When the outcome was known'),
      })
      .describe(
        'The internal state of the task. The fields of the workflow are gone when the task has ended',
      ),
    callback_attempts: z
      .strictObject({
        host: z.string().describe('Where callbacks go, without path and query'),
        count: z.int().min(0).describe('How many attempts there were in all'),
        last: z
          .array(
            z.strictObject({
              at: seconds('When'),
              ms: z.int().min(0).describe('How many milliseconds the attempt took'),
              status: z.int().nullable().describe('The HTTP status; `null`: no response'),
              reason: z.string().nullable(),
            }),
          )
          .max(maxStoredAttempts)
          .describe('The last attempts, the oldest first'),
      })
      .nullable()
      .describe('The attempts to deliver the callback, if the task has one and has ended'),
  })
  .describe('A task with its internals');

export const AdminTaskList = page(AdminTaskSummary);

/**
 * What was done for a task. With `running` and `awaits_uploads` nothing was done: the workflow works on the task, or its
 * pictures may still arrive. `postponed` is a restart soon.
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
        '`woken`: the workflow waited, and polls the provider now. `running`: the workflow works, nothing was done. `awaits_uploads`: pictures may still arrive, nothing was done. `started`, `restarted`: the workflow was missing or dead. `postponed`: the workflow died several times and is restarted soon',
      ),
  })
  .describe('What was done for a task');

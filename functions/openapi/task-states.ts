import * as z from 'zod';
import type { Status } from '../task/task.ts';
import { oneOf, pascalCase } from './json-schema.ts';
import { Charged, canCancel, identity, Reserved, TaskError } from './task-fields.ts';

// A task is what its status says: each one has its own fields.

const status = <const S extends string>(name: S, what: string) => z.literal(name).describe(what);

const discriminator = (...some: readonly Status[]) => {
  const { discriminator: made } = oneOf('status', some, (word) => `${pascalCase(word)}Task`);
  return { discriminator: made };
};

const running = {
  ...{ task_info: z.strictObject({ can_cancel: canCancel }), usage: Reserved },
  callback: z
    .strictObject({
      status: z.literal('pending'),
      attempts: z.literal(0),
      last_status: z.null(),
    })
    .optional()
    .describe('How the callback goes, when `callback_url` was given'),
};
const ended = {
  task_info: z.strictObject({ can_cancel: z.literal(false) }),
  usage: Charged,
  callback: z
    .strictObject({
      status: z
        .enum(['pending', 'failing', 'delivered', 'undelivered'])
        .describe('`failing` is tried again, `undelivered` is not'),
      attempts: z.int().min(0),
      last_status: z
        .int()
        .nullable()
        .describe('The HTTP status of the last attempt; `null` when there was no answer'),
    })
    .optional()
    .describe('How the callback goes, when `callback_url` was given'),
};

export const PendingTask = z
  .strictObject({ ...identity, status: status('pending', 'Not painted yet'), ...running })
  .describe('A task that waits for its pictures or for the model');
export const ProcessingTask = z
  .strictObject({ ...identity, status: status('processing', 'Being painted'), ...running })
  .describe('A task that the model works on');
const completed = {
  status: status('completed', 'At least one image was made'),
  results: z
    .array(z.url())
    .min(1)
    .describe('A link to each image; it works for 24 hours from this answer, without a key'),
  result_errors: z
    .array(TaskError)
    .min(1)
    .optional()
    .describe('When fewer images were made than asked for: why, one error for each'),
};
const failed = { status: status('failed', 'No image was made, nothing was charged') };

export const CompletedTask = z
  .strictObject({ ...identity, ...completed, ...ended })
  .describe('A task whose images are ready');
export const FailedTask = z
  .strictObject({ ...identity, ...failed, error: TaskError, ...ended })
  .describe('A task that was refused, cancelled or could not be done');

const { callback: _, ...told } = ended;
export const CallbackBody = z
  .discriminatedUnion('status', [
    z.strictObject({ ...identity, ...completed, ...told }),
    z.strictObject({ ...identity, ...failed, error: TaskError, ...told }),
  ])
  .describe('How the task ended');

export const Task = z
  .discriminatedUnion('status', [PendingTask, ProcessingTask, CompletedTask, FailedTask])
  .meta({
    description: 'A task; its `status` says which fields it has',
    ...discriminator('pending', 'processing', 'completed', 'failed'),
  });
export const RunningTask = z
  .discriminatedUnion('status', [PendingTask, ProcessingTask])
  .meta({ description: 'A task that has not ended', ...discriminator('pending', 'processing') });
export const EndedTask = z
  .discriminatedUnion('status', [CompletedTask, FailedTask])
  .meta({ description: 'A task that has ended', ...discriminator('completed', 'failed') });

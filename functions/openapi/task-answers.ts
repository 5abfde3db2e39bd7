import * as z from 'zod';
import { statuses } from '../task/task.ts';
import { credits, page, seconds } from './fields.ts';
import { Charged, canCancel, identity, Reserved, TaskError } from './task-fields.ts';
import {
  CallbackBody,
  CompletedTask,
  EndedTask,
  FailedTask,
  PendingTask,
  ProcessingTask,
  RunningTask,
  Task,
} from './task-states.ts';

// What routes about tasks answer, to the last field: one more or one less breaks these schemas.

const Upload = z
  .strictObject({
    method: z.literal('POST'),
    url: z.url().describe('Where to send the picture'),
    fields: z
      .record(z.string(), z.string())
      .describe('The fields of the form, to be sent as they are and before the field `file`'),
    expires_at: seconds('Until when the form can be used'),
  })
  .describe('A form (`multipart/form-data`) to upload one picture with');

const CreatedTask = z
  .strictObject({
    ...identity,
    status: z.enum(statuses).describe('`pending`, unless an Idempotency-Key was repeated'),
    task_info: z.strictObject({
      can_cancel: canCancel,
      estimated_time: z.int().min(1).describe('How long a task like this takes, in seconds'),
    }),
    usage: z.union([Reserved, Charged]),
    uploads: z
      .array(Upload)
      .min(1)
      .optional()
      .describe('A form for each picture that was promised in `image_uploads` and is not here yet'),
  })
  .describe('A task that was taken in');

const TaskSummary = z
  .strictObject({
    id: identity.id,
    model: identity.model,
    type: identity.type,
    status: z.enum(statuses),
    progress: identity.progress,
    created_at: seconds('When the task was created'),
    duration: z.int().min(0).nullable().describe('Seconds from creation to its end, if it ended'),
    has_results: z.boolean(),
    result_count: z.int().min(0).describe('How many images it has'),
    has_error: z.boolean().describe('Whether it failed'),
    credits_used: credits('What it cost, if it ended').nullable(),
  })
  .describe('A task in a list: read it by its id for results and errors');

/** The schemas of answers about tasks, by the name they have in the document. */
export const taskAnswers = {
  ...{ CreatedTask, PendingTask, ProcessingTask, CompletedTask, FailedTask, TaskError, Upload },
  ...{ Task, RunningTask, EndedTask, CallbackBody, TaskSummary, TaskList: page(TaskSummary) },
  TaskBatch: z
    .strictObject({
      data: z.array(Task).describe('In the order asked for; without what is not yours'),
    })
    .describe('Several tasks'),
} as const;

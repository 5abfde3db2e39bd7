import * as z from 'zod';
import { hourMs } from '../model/duration.ts';
import { taskErrorCodes } from '../model/problem.ts';
import { linkValidForMs, maxPromptStart, statuses } from '../model/task.ts';
import { credits, page, seconds, taskId } from './fields.ts';
import { story, TaskKey } from './story-schemas.ts';

// The exact responses about tasks: a field too many or too few breaks these schemas. The status of a task decides which
// fields it has.

export const TaskError = z
  .strictObject({
    code: z.enum(taskErrorCodes).describe('What went wrong. Branch on this'),
    message: z.string().describe('For people: which picture or limit, and what to do'),
    type: z.literal('task_error'),
  })
  .describe('Why a task, or one image of it, was not made. It costs nothing');

const identity = {
  created: seconds('When the task was created'),
  id: taskId.describe('The id to read the task with'),
  model: z.string().describe('The model that makes the images'),
  object: z.literal('image.generation.task'),
  type: z.literal('image'),
  livemode: z
    .boolean()
    .describe(
      '`false`: the task was made with a test key. It costs play credits, and the model makes none of its images',
    ),
  sandbox: z
    .literal(true)
    .optional()
    .describe(
      'The built-in sandbox does this task: its results are the first picture, marked as sandbox output',
    ),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .describe('The `metadata` of the request, unchanged'),
  progress: z
    .int()
    .min(0)
    .max(100)
    .describe(
      'In percent, estimated from the time that such a task typically takes; 100 when it is completed',
    ),
};

const queuePosition = z
  .int()
  .min(1)
  .optional()
  .describe(
    'The position of the task while it waits for the model; 1 is the next one. Exact up to 100, then rounded up; some seconds old. It may grow when another account begins to wait, because accounts take turns. Not in the response to a wait',
  );
const estimatedTime = z
  .int()
  .min(1)
  .describe('In how many seconds the task is expected to end, its wait for the model included');

const canCancel = z.boolean().describe('Whether the task can still be cancelled');

const charge = {
  billing_rule: z.literal('per_call'),
  user_group: z.string().describe('The user group of the account'),
};
const Reserved = z.strictObject({
  ...charge,
  credits_reserved: credits('What is reserved for the task until it has ended'),
});
const Charged = z.strictObject({
  ...charge,
  credits_reserved: credits('What was reserved for the task'),
  credits_used: credits('What the task cost: the price of each image that was made'),
  credits_returned: credits('What was reserved and not charged'),
});

const startTimes = {
  created_at: seconds('When the task was created'),
  started_at: seconds('When all pictures were there and the work on the task began').nullable(),
};
const completedAt = seconds('When the task ended');
const expiresAt = seconds('When the task and its results are deleted');

export const Upload = z
  .strictObject({
    method: z.literal('POST'),
    url: z.url().describe('Where to send the picture'),
    fields: z
      .record(z.string(), z.string())
      .describe('The fields of the form, to be sent as they are and before the field `file`'),
    expires_at: seconds('Until when the form can be used'),
  })
  .describe('A form (`multipart/form-data`) to upload one picture with');

export const TaskUpload = Upload.extend({
  index: z
    .int()
    .min(0)
    .describe(
      'Which picture of `image_uploads` the form is for; 0 is the first. A repeated create has forms only for pictures that have not arrived',
    ),
}).describe('A form (`multipart/form-data`) to upload one picture of a task with');

const active = {
  ...startTimes,
  // Both are null. A schema that is only null would give no type in generated clients.
  completed_at: completedAt.nullable(),
  expires_at: expiresAt.nullable(),
  uploads: z
    .array(TaskUpload)
    .min(1)
    .optional()
    .describe(
      'A form for each picture of `image_uploads` that has not arrived yet, for a key that may create tasks',
    ),
  task_info: z.strictObject({
    can_cancel: canCancel,
    queue_position: queuePosition,
    estimated_time: estimatedTime
      .optional()
      .describe(
        'In how many seconds the task is expected to end, its wait for the model included; absent when it was cancelled',
      ),
    cancel_requested: z
      .literal(true)
      .optional()
      .describe('The task was cancelled; if a provider has it, the provider decides'),
  }),
  usage: Reserved,
};
const ended = {
  ...startTimes,
  completed_at: completedAt,
  expires_at: expiresAt.nullable(),
  task_info: z.strictObject({ can_cancel: z.literal(false) }),
  usage: Charged,
};
const completed = {
  status: z.literal('completed').describe('At least one image was made'),
  results: z
    .array(z.url())
    .min(1)
    .describe(
      `A link to each image; it works for ${linkValidForMs / hourMs} hours from this response, without a key`,
    ),
  result_errors: z
    .array(TaskError)
    .min(1)
    .optional()
    .describe('If fewer images were made than requested: one error for each missing image'),
};
const failed = {
  status: z.literal('failed').describe('No image was made, nothing was charged'),
};

export const PendingTask = z
  .strictObject({
    ...identity,
    status: z.literal('pending').describe('No provider has accepted the task yet'),
    ...active,
    ...story,
  })
  .describe('A task that waits for its pictures or for the model');
export const ProcessingTask = z
  .strictObject({
    ...identity,
    status: z.literal('processing').describe('A provider works on the task'),
    ...active,
    ...story,
  })
  .describe('A task that the model works on');
export const CompletedTask = z
  .strictObject({ ...identity, ...completed, ...ended, ...story })
  .describe('A task whose images are ready');
export const FailedTask = z
  .strictObject({ ...identity, ...failed, error: TaskError, ...ended, ...story })
  .describe('A task that was refused, cancelled or could not be done');

const byStatus = {
  pending: '#/components/schemas/PendingTask',
  processing: '#/components/schemas/ProcessingTask',
  completed: '#/components/schemas/CompletedTask',
  failed: '#/components/schemas/FailedTask',
};
const discriminator = (...names: readonly (keyof typeof byStatus)[]) => ({
  propertyName: 'status',
  mapping: Object.fromEntries(names.map((name) => [name, byStatus[name]])),
});

export const CompletedCallback = z
  .strictObject({ ...identity, ...completed, ...ended })
  .describe('The callback of a task whose images are ready');
export const FailedCallback = z
  .strictObject({ ...identity, ...failed, error: TaskError, ...ended })
  .describe('The callback of a task that was refused, cancelled or could not be done');
/** The body of a callback: the ended task, without its story. */
export const CallbackBody = z
  .discriminatedUnion('status', [CompletedCallback, FailedCallback])
  .meta({
    description: 'How the task ended',
    discriminator: {
      propertyName: 'status',
      mapping: {
        completed: '#/components/schemas/CompletedCallback',
        failed: '#/components/schemas/FailedCallback',
      },
    },
  });

export const Task = z
  .discriminatedUnion('status', [PendingTask, ProcessingTask, CompletedTask, FailedTask])
  .meta({
    description: 'A task; its `status` says which fields it has',
    discriminator: discriminator('pending', 'processing', 'completed', 'failed'),
  });
export const ActiveTask = z.discriminatedUnion('status', [PendingTask, ProcessingTask]).meta({
  description: 'A task that has not ended',
  discriminator: discriminator('pending', 'processing'),
});
export const EndedTask = z.discriminatedUnion('status', [CompletedTask, FailedTask]).meta({
  description: 'A task that has ended',
  discriminator: discriminator('completed', 'failed'),
});

export const Warning = z
  .strictObject({
    param: z.string().describe('The field of the request'),
    message: z.string().describe('For people; it may change'),
  })
  .describe('Something in the request that has no effect');

export const CreatedTask = z
  .strictObject({
    ...identity,
    status: z.enum(statuses).describe('`pending`, unless an Idempotency-Key was repeated'),
    task_info: z.strictObject({
      can_cancel: canCancel,
      queue_position: queuePosition.describe(
        'The position that the task would have if it began to wait for the model now; absent when a slot is free for it, at a provider without limits, and when the queue could not be read',
      ),
      estimated_time: estimatedTime,
    }),
    usage: z.union([Reserved, Charged]),
    uploads: z
      .array(TaskUpload)
      .min(1)
      .optional()
      .describe('A form for each picture of `image_uploads` that has not arrived yet'),
    warnings: z
      .array(Warning)
      .min(1)
      .optional()
      .describe('The fields of the request that the model does not have, and that were ignored'),
  })
  .describe('A task that was accepted');

export const TaskSummary = z
  .strictObject({
    id: identity.id,
    model: identity.model,
    type: identity.type,
    status: z.enum(statuses),
    progress: identity.progress,
    created_at: seconds('When the task was created'),
    duration: z
      .int()
      .min(0)
      .nullable()
      .describe('Seconds from the creation of the task to its end, if it has ended'),
    has_results: z.boolean(),
    result_count: z.int().min(0).describe('How many images the task has'),
    has_error: z.boolean().describe('Whether the task failed'),
    credits_reserved: credits('What was reserved for it'),
    credits_used: credits('What it cost, if it ended').nullable(),
    livemode: identity.livemode,
    prompt_start: z.string().describe(`The first ${maxPromptStart} characters of the prompt`),
    metadata: identity.metadata,
    key: TaskKey,
  })
  .describe('A task in a list: read it by its id for results and errors');

export const TaskList = page(TaskSummary)
  .extend({
    page: z
      .int()
      .min(1)
      .optional()
      .describe('The number of the page, if pages were requested by number'),
    page_size: z.int().min(1).optional().describe('How many tasks such a page has at most'),
    total: z
      .int()
      .min(0)
      .optional()
      .describe(
        'How many tasks there are up to the end of such a page, plus one if another page may follow. On the last page it is the number of tasks that were found',
      ),
  })
  .describe('A page of tasks');

export const TaskBatch = z
  .strictObject({
    data: z
      .array(Task)
      .describe(
        'In the order of the request, without ids that are not the id of a task of this account',
      ),
  })
  .describe('Several tasks');

export const DeletedTask = z
  .strictObject({
    object: z.literal('image.generation.task'),
    id: taskId,
    deleted: z.literal(true),
  })
  .describe('A deleted task: its pictures and texts are gone');

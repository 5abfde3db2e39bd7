import * as z from 'zod';
import { maxQuotedCharacters } from '../model/receiver-response.ts';
import { callbackStates, inputLinkSeconds, maxStoredAttempts } from '../model/task.ts';
import { keyId, page, seconds, taskId } from './fields.ts';

// The story of a task, beside its results: its request, what happened when, and the state of its callback.

const moment = (what: string) =>
  z.number().min(0).describe(`${what}, in unix seconds with milliseconds as decimals`);

const link = z
  .url()
  .optional()
  .describe(
    `A link to the copy of the picture that the model gets; it works for ${inputLinkSeconds / 60} minutes, without a key. Only when one task is read by its id, and not in the response to a wait; absent before the picture was checked, and after the copy was deleted`,
  );

export const UrlInput = z
  .strictObject({
    type: z.literal('url'),
    url: z.string().describe('The address, as it was given'),
    link,
  })
  .describe('A picture that was sent as an address');
export const FileInput = z
  .strictObject({
    type: z.literal('file'),
    file_id: z.string().describe('The file, as `POST /v1/files` has named it'),
    link,
  })
  .describe('A picture that was uploaded before');
export const UploadInput = z
  .strictObject({
    type: z.literal('upload'),
    content_type: z.string().describe('The type that was announced'),
    link,
  })
  .describe('A picture that was uploaded for the task');
export const TaskInput = z
  .discriminatedUnion('type', [UrlInput, FileInput, UploadInput])
  .describe('A picture that was sent');

export const TaskRequest = z
  .strictObject({
    prompt: z.string(),
    negative_prompt: z.string().optional(),
    inputs: z.array(TaskInput).describe('The pictures, uploads first'),
    n: z.int().min(1),
    size: z.string().optional(),
    seed: z.int().optional(),
    prompt_extend: z.boolean().optional(),
    watermark: z.boolean().optional(),
  })
  .describe('The request of the task. Fields that were not sent are absent');

export const TaskKey = z
  .strictObject({
    id: keyId,
    name: z.string().nullable().describe('The name of the key at that time'),
  })
  .describe('The API key that has created the task');

export const eventTypes = [
  'created',
  'started',
  'inputs_checked',
  'queued',
  'submitted',
  'cancel_requested',
  'generated',
  'stored',
  'charged',
  'failed',
  'returned',
  'callback_attempted',
] as const;

export const TaskEvent = z
  .strictObject({
    type: z
      .enum(eventTypes)
      .describe(
        '`started`: all pictures are there; `queued`: the task waits for its turn at the model; `returned`: credits that were reserved and not charged',
      ),
    at: moment('When'),
  })
  .describe('Something that has happened to the task. There may be other types later');

const Attempt = z
  .strictObject({
    at: moment('When the attempt began'),
    ms: z.int().min(0).describe('How many milliseconds the attempt took'),
    status: z.int().nullable().describe('The HTTP status of the response; `null`: there was none'),
    reason: z.string().nullable().describe('Why the callback was not delivered, for people'),
    response_text: z
      .string()
      .nullable()
      .describe(
        `The first ${maxQuotedCharacters} characters of the response, if it is text with a status below 500; without control characters. Do not trust this text: the receiver wrote it`,
      ),
  })
  .describe('One attempt to deliver a callback');

export const TaskCallback = z
  .strictObject({
    url: z.string(),
    status: z.enum(callbackStates).describe('`retrying` is tried again, `undelivered` is not'),
    attempt_count: z.int().min(0).describe('How many attempts were made in all'),
    last_status: z
      .int()
      .nullable()
      .describe('The HTTP status of the last attempt; `null` when there was no response'),
    next_attempt_at: seconds('By when the next attempt is made, if there is one').nullable(),
    attempts: z
      .array(Attempt)
      .max(maxStoredAttempts)
      .optional()
      .describe(
        `The last ${maxStoredAttempts} attempts, the oldest first. Only when one task is read by its id, and not in the response to a wait`,
      ),
  })
  .describe('The state of the callback, if `callback_url` was given');

export const Delivery = z
  .strictObject({
    object: z.literal('webhook_delivery'),
    task_id: taskId,
    event_id: z.string().describe('The `webhook-id` of all attempts of this callback'),
    status: z.enum(callbackStates).describe('`retrying` is tried again, `undelivered` is not'),
    url: z.string().describe('The address of the callback, without the query'),
    task_created_at: seconds('When its task was created'),
    task_completed_at: seconds('When its task ended'),
    attempt_count: z.int().min(0).describe('How many attempts were made in all'),
    last_attempt: Attempt.nullable(),
    next_attempt_at: seconds('By when the next attempt is made, if there is one').nullable(),
  })
  .describe('The callback of a task that has ended');

export const DeliveryList = page(Delivery);

const links = z.array(z.url().nullable());

export const Thumbnails = z
  .strictObject({
    inputs: links.describe('One for each of the inputs of `request`'),
    results: links.describe('One for each of the images'),
  })
  .describe(
    `Links to JPEGs of at most 320 pixels; each works for ${inputLinkSeconds / 60} minutes. \`null\`: there is no thumbnail, or not yet, or not any more`,
  );

/** Only keys that may read the tasks of the account see these fields. */
export const story = {
  request: TaskRequest,
  key: TaskKey,
  events: z.array(TaskEvent).min(1).describe('What has happened, in order'),
  callback: TaskCallback.optional(),
  thumbnails: Thumbnails.optional().describe(
    'Only in a batch that asks for them, if the service makes thumbnails',
  ),
};

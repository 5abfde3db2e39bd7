import * as z from 'zod';
import { maxQuotedCharacters } from '../model/receiver-response.ts';
import { callbackStates, inputLinkSeconds, maxStoredAttempts } from '../model/task.ts';
import { keyId, page, seconds, taskId } from './fields.ts';

// What a task says about itself beside its results: what was asked, what happened when, and what became of its callback.

const moment = (what: string) =>
  z.number().min(0).describe(`${what}, in unix seconds with milliseconds as decimals`);

const link = z
  .url()
  .optional()
  .describe(
    `Shows the copy of the picture that the model gets; it works for ${inputLinkSeconds / 60} minutes, without a key. Only where one task is read by its id, and not in the response to a wait; absent before the picture was checked, and when the copy was deleted`,
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
  .describe('What was asked. Fields that were not sent are absent');

export const TaskKey = z
  .strictObject({
    id: keyId,
    name: z.string().nullable().describe('What it was called then'),
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
        '`started`: all pictures are there; `queued`: it waits for its turn at the model; `returned`: credits that were reserved and not charged',
      ),
    at: moment('When'),
  })
  .describe('Something that has happened to the task. There may be other types later');

const Attempt = z
  .strictObject({
    at: moment('When it began'),
    ms: z.int().min(0).describe('How many milliseconds it took'),
    status: z.int().nullable().describe('The HTTP status of the answer; `null`: there was none'),
    reason: z.string().nullable().describe('Why it was not delivered, for people'),
    response_text: z
      .string()
      .nullable()
      .describe(
        `The first ${maxQuotedCharacters} characters of an answer in text with a status below 500, without control characters. A stranger wrote them`,
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
      .describe('The HTTP status of the last attempt; `null` when there was no answer'),
    next_attempt_at: seconds('By when the next attempt is made, if there is one').nullable(),
    attempts: z
      .array(Attempt)
      .max(maxStoredAttempts)
      .optional()
      .describe(
        `The last ${maxStoredAttempts} attempts, the oldest first. Only where one task is read by its id, and not in the response to a wait`,
      ),
  })
  .describe('What became of the callback, when `callback_url` was given');

export const Delivery = z
  .strictObject({
    object: z.literal('webhook_delivery'),
    task_id: taskId,
    event_id: z.string().describe('The `webhook-id` of all its attempts'),
    status: z.enum(callbackStates).describe('`retrying` is tried again, `undelivered` is not'),
    url: z.string().describe('Where it goes, without the query'),
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
    `Links to JPEGs of at most 320 pixels; each works for ${inputLinkSeconds / 60} minutes. \`null\`: there is none, not yet, or no more`,
  );

/** What only those read who may read the tasks of the account. */
export const story = {
  request: TaskRequest,
  key: TaskKey,
  events: z.array(TaskEvent).min(1).describe('What has happened, in order'),
  callback: TaskCallback.optional(),
  thumbnails: Thumbnails.optional().describe(
    'Only in a batch that asks for them, where the service makes some',
  ),
};

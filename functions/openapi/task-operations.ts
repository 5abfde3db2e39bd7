import type { ProblemCode } from '../task/problem.ts';
import { type Json, reference } from './json-schema.ts';
import type { Operations } from './operation.ts';
import { jsonContent } from './responses.ts';
import * as samples from './samples.ts';
import { listQuery } from './task-requests.ts';

const pictures = { image_urls: ['https://example.com/cat.png'] };
const aboutOneTask: readonly ProblemCode[] = ['invalid_task_id', 'task_not_found'];
const crash: readonly ProblemCode[] = ['internal_error'];

const webhookHeader = (name: string, description: string, example: string): Json => ({
  ...{ name, in: 'header', required: true, description, schema: { type: 'string' }, example },
});

// Signed as the Standard Webhooks specification has it.
const callback: Json = {
  '{$request.body#/callback_url}': {
    post: {
      ...{ operationId: 'taskEnded', tags: ['Tasks'], summary: 'Tell that a task has ended' },
      description:
        'Sent to `callback_url` once the task has ended, and again until a 2xx answers within 10 seconds. Verify the signature with the secret of your account: standardwebhooks.com has libraries.',
      security: [],
      parameters: [
        webhookHeader('webhook-id', 'The same for every attempt', `evt-${samples.taskId}`),
        webhookHeader('webhook-timestamp', 'When it was sent, in unix seconds', '1772443840'),
        webhookHeader('webhook-signature', 'One signature for each valid secret', 'v1,K5oZ…='),
      ],
      requestBody: {
        required: true,
        content: jsonContent(reference('schemas', 'CallbackBody'), {
          completed: samples.callbackBody,
        }),
      },
      responses: { '2XX': { description: 'It was heard' } },
    },
  },
};

/** The routes about tasks. */
export const taskOperations = {
  'POST /v1/images/generations': {
    ...{ id: 'createTask', tag: 'Tasks', scope: 'generate', repeatable: true, counted: true },
    summary: 'Create a task',
    description:
      'Takes in what to paint and sets its price aside. The answer comes at once; the images come later, with the task. Only images that were made are charged.',
    body: {
      schema: 'GenerationRequest',
      examples: {
        addresses: { prompt: 'Make it snow', n: 2, ...pictures, metadata: { order: '7' } },
        uploads: { prompt: 'Make it snow', image_uploads: [{ content_type: 'image/png' }] },
        everything: {
          ...{ model: 'wan2.5-image-to-image', prompt: 'Put the cat of image 1 into image 2' },
          ...{ image_urls: [...pictures.image_urls, 'https://example.com/garden.jpg'], n: 1 },
          ...{ negative_prompt: 'blurred', size: '1280x960', seed: 7, prompt_extend: true },
          ...{ watermark: false, callback_url: 'https://shop.example.com/done' },
        },
      },
    },
    answer: {
      ...{ schema: 'CreatedTask', description: 'The task, which begins now' },
      examples: samples.createdTask,
    },
    callbacks: { taskEnded: callback },
    refusals: [
      ...(['insufficient_quota', 'KEY_QUOTA_EXHAUSTED', 'KEY_DAILY_QUOTA_EXHAUSTED'] as const),
      ...(['KEY_MODEL_NOT_ALLOWED', 'idempotency_conflict', 'rate_limit_exceeded'] as const),
      ...(['internal_error', 'service_unavailable'] as const),
    ],
  },
  'GET /v1/tasks/{task_id}': {
    ...{ id: 'getTask', tag: 'Tasks', scope: 'generate', summary: 'Read a task' },
    description: 'How the task is, with links to its images when it is completed.',
    answer: {
      ...{ schema: 'Task', description: 'The task' },
      examples: {
        pending: samples.pendingTask,
        processing: samples.processingTask,
        completed: samples.completedTask,
        partlyCompleted: samples.partlyCompletedTask,
        failed: samples.failedTask,
      },
    },
    refusals: [...aboutOneTask, ...crash],
  },
  'GET /v1/tasks': {
    ...{ id: 'listTasks', tag: 'Tasks', scope: 'generate', summary: 'List tasks' },
    description: 'The tasks of the account, the newest first, page by page.',
    query: listQuery,
    answer: {
      ...{ schema: 'TaskList', description: 'A page of tasks' },
      examples: {
        page: { object: 'list', data: samples.taskSummaries, next_cursor: null },
      },
    },
    refusals: ['invalid_request', ...crash],
  },
  'POST /v1/tasks/batch': {
    ...{ id: 'batchTasks', tag: 'Tasks', scope: 'generate', summary: 'Read several tasks' },
    description:
      'The same as reading each of them. What is not a task of this account is left out.',
    body: { schema: 'BatchRequest', examples: { one: { task_ids: [samples.taskId] } } },
    answer: {
      ...{ schema: 'TaskBatch', description: 'The tasks' },
      examples: { one: { data: [samples.completedTask] } },
    },
    refusals: crash,
  },
  'POST /v1/tasks/{task_id}/cancel': {
    ...{ id: 'cancelTask', tag: 'Tasks', scope: 'generate', summary: 'Cancel a task' },
    description:
      'Asks for the task to end. It fails with `request_cancelled` a little later and costs nothing; an image that is made already may come first. Asking twice changes nothing.',
    answer: {
      ...{ schema: 'RunningTask', description: 'The task, which is about to end' },
      examples: {
        pending: { ...samples.pendingTask, task_info: { can_cancel: false } },
      },
    },
    refusals: [...aboutOneTask, 'task_ended', ...crash],
  },
  'POST /v1/tasks/{task_id}/callback': {
    ...{ id: 'redeliverCallback', tag: 'Tasks', scope: 'generate', summary: 'Be told again' },
    description:
      'Sends the callback of a task that has ended once more, under the same `webhook-id`, beginning with the first attempt.',
    answer: {
      ...{ schema: 'EndedTask', description: 'The task; its callback is on its way' },
      examples: { completed: samples.toldAgain },
    },
    refusals: [...aboutOneTask, 'invalid_request', 'task_running', ...crash],
  },
} as const satisfies Operations;

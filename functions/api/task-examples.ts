import { defaultModel } from '../domain/model/catalogue.ts';
import type {
  Completed,
  Failed,
  Pending,
  Processing,
  Task,
  WithRequest,
} from '../domain/model/task.ts';
import {
  callbackBody as callbackBodyOf,
  createdView,
  endedTaskView,
  summaryView,
  taskView,
} from '../domain/wire/view.ts';
import { account, host, keyId, taskId } from './example-ids.ts';

// The examples of responses in the OpenAPI document. The API's own views make them from these records, so they
// cannot differ from real responses.

const now = Date.UTC(2026, 2, 2, 9, 30, 40);
const typicalSeconds = 30;
const price = defaultModel.milliCreditsPerImage;

const taskBase = {
  id: taskId,
  account,
  keyId,
  userGroup: 'default',
  model: defaultModel.id,
  prompt: 'Make it snow',
  n: 2,
  options: {},
  inputs: [],
  metadata: { order: '7' },
  createdAt: now - 40_000,
  reserved: 2 * price,
};
const pending: WithRequest<Pending> = { ...taskBase, status: 'pending' };
const processing: WithRequest<Processing> = {
  ...taskBase,
  provider: 'dashscope',
  ticket: '',
  submittedAt: now - 20_000,
  status: 'processing',
};
const image = { key: '', contentType: 'image/png', bytes: 1 };
const completed: WithRequest<Completed> = {
  ...taskBase,
  finishedAt: now,
  charged: 2 * price,
  images: [image, image],
  failures: [],
  status: 'completed',
};
const partlyCompleted: WithRequest<Completed> = {
  ...completed,
  charged: price,
  images: [image],
  failures: [{ code: 'generation_timeout', message: 'The image took too long.' }],
};
const failed: WithRequest<Failed> = {
  ...taskBase,
  finishedAt: now,
  charged: 0,
  status: 'failed',
  failure: {
    code: 'content_policy_violation',
    message: "The provider's content check refused the prompt.",
  },
};

const context = {
  now,
  typicalSeconds,
  resultLink: (n: number) =>
    `${host}/v1/results/${taskId}/${n}?expires=1772530240&signature=kWq1u3pYc0v8YzQyT5b1rN2m4o6s8uAcEgIkMoQsUwY`,
};
const form = (key: string) => ({
  url: 'https://uploads.example.com/',
  fields: { 'Content-Type': 'image/png', key, Policy: 'eyJ…', 'X-Amz-Signature': '5d0c…' },
  expiresAt: now + 900_000,
});

export const createdTask = {
  addresses: createdView(pending, context, []),
  uploads: createdView(pending, context, [{ ...form(`uploads/${taskId}/0`), index: 0 }]),
};
export const pendingTask = taskView(pending, context);
export const processingTask = taskView(processing, context);
export const completedTask = endedTaskView(completed, context);
export const partlyCompletedTask = taskView(partlyCompleted, context);
export const failedTask = taskView(failed, context);
export const redeliveredTask = endedTaskView(
  { ...completed, callbackUrl: 'https://shop.example.com/done' },
  context,
);
export const callbackBody = callbackBodyOf(completed, context);
const listed: readonly Task[] = [processing, completed];
export const taskSummaries = listed.map((task) => summaryView(task, now, typicalSeconds));
export const uploadForm = form;

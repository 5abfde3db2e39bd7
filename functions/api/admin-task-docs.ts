import type { Failed, Processing } from '../domain/model/task.ts';
import { adminSummaryView, adminTaskView } from '../domain/wire/admin-task-view.ts';
import { account, keyId, taskId } from './example-ids.ts';

// The examples of tasks as the operator sees them.

const now = Date.UTC(2026, 2, 2, 9, 30, 40);
const common = {
  id: taskId,
  account,
  keyId,
  userGroup: 'default',
  model: 'wan2.5-image-to-image',
  n: 1,
  callbackUrl: 'https://shop.example.com/done',
  createdAt: now - 40_000,
  startedAt: now - 39_000,
  deadlineAt: now + 861_000,
  reserved: 1200,
  provider: 'dashscope',
  ticket: 'b2c1f8a4-5f0e-4a55-9a86-3f3c9c9f1b52',
  slot: 'dashscope/wan2.5-i2i-preview#0',
  submittedAt: now - 37_000,
  typicalSeconds: 30,
} as const;
const processing: Processing = {
  ...common,
  status: 'processing',
  cancellable: true,
  submitLockedAt: now - 38_000,
  polledAt: now - 4000,
  wakeToken: 'token',
  nextCheckAt: now + 60_000,
};
const failed: Failed = {
  ...common,
  status: 'failed',
  finishedAt: now,
  charged: 0,
  failure: { code: 'generation_timeout', message: 'The provider did not finish in time.' },
  callback: { state: 'undelivered', attempts: 7, lastStatus: 503 },
  callbackAttempts: 7,
};
const attempt = { at: now + 4_000_000, milliseconds: 84, status: 503 };

export const listed = [adminSummaryView(processing), adminSummaryView(failed)];
export const task = adminTaskView(processing, []);
export const failedTask = adminTaskView(failed, [attempt]);
export const cancelled = adminTaskView({ ...processing, cancelledAt: now }, []);
export const redelivered = adminTaskView(
  { ...failed, callback: { state: 'pending', attempts: 0 } },
  [attempt],
);

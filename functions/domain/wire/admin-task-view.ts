import type * as z from 'zod';
import { isTest, ownerOf } from '../model/mode.ts';
import { toCredits } from '../model/money.ts';
import {
  type CallbackAttempt,
  canCancel,
  type EndedTask,
  isEnded,
  missingUploads,
  type TaskState,
} from '../model/task.ts';
import type * as schemas from './admin-task-schemas.ts';

// A task as the operator sees it: its state, and nothing of the caller's request. Never a token, or the address of a picture.

const inSeconds = (ms: number | undefined): number | null =>
  ms === undefined ? null : Math.floor(ms / 1000);

/** A task in the operator's list. */
export function adminSummaryView(task: TaskState): z.input<typeof schemas.AdminTaskSummary> {
  const ended = isEnded(task) ? task : undefined;
  return {
    object: 'admin.task' as const,
    id: task.id,
    account: ownerOf(task.account),
    livemode: !isTest(task),
    key_id: task.keyId,
    user_group: task.userGroup,
    model: task.model,
    n: task.n,
    status: task.status,
    code: task.status === 'failed' ? task.failure.code : null,
    provider: task.provider ?? null,
    callback: task.callbackUrl === undefined ? null : (ended?.callback?.state ?? 'pending'),
    created_at: Math.floor(task.createdAt / 1000),
    duration: ended ? Math.round((ended.finishedAt - task.createdAt) / 1000) : null,
    result_count: task.status === 'completed' ? task.images.length : 0,
    credits_reserved: toCredits(task.reserved),
    credits_used: ended ? toCredits(ended.charged) : null,
  };
}

/** A task with its internals. */
export const adminTaskView = (
  task: TaskState,
  attempts: readonly CallbackAttempt[],
): z.input<typeof schemas.AdminTask> => ({
  ...adminSummaryView(task),
  message: messageOf(task),
  started_at: inSeconds(task.startedAt),
  deadline_at: inSeconds(task.deadlineAt),
  submitted_at: inSeconds('submittedAt' in task ? task.submittedAt : undefined),
  completed_at: inSeconds(isEnded(task) ? task.finishedAt : undefined),
  expires_at: inSeconds(isEnded(task) ? task.expiresAt : undefined),
  cancel_requested_at: inSeconds(task.cancelledAt),
  can_cancel: canCancel(task),
  internals: {
    ticket: 'ticket' in task ? (task.ticket ?? null) : null,
    ...slotOf(task),
    execution: task.execution ?? 1,
    missing_uploads: isEnded(task) ? 0 : missingUploads(task).length,
    typical_seconds: task.typicalSeconds ?? null,
    next_check_at: inSeconds(task.nextCheckAt),
    ...workOf(task),
  },
  callback_attempts: isEnded(task) ? attemptsOf(task, attempts) : null,
});

function messageOf(task: TaskState): string | null {
  if (task.status === 'failed') return task.failure.message;
  return task.status === 'completed' ? (task.failures[0]?.message ?? null) : null;
}

const slotOf = (task: TaskState) => ({
  slot: task.slot ?? null,
  lane: task.lane ?? 'interactive',
  queued_at: inSeconds(isEnded(task) ? task.queuedAt : task.queue?.since),
});

/** What the workflow has written; it is gone when the task has ended. */
function workOf(task: TaskState) {
  const active = isEnded(task) ? undefined : task;
  return {
    submit_locked_at: inSeconds(active?.submitLockedAt),
    busy_count: active?.busyCount ?? 0,
    polled_at: inSeconds(active?.polledAt),
    provider_webhook_at: inSeconds(active?.providerWebhookAt),
    is_waiting: active?.wakeToken !== undefined,
    outcome: active?.outcome?.state ?? null,
    outcome_at: inSeconds(active?.outcomeAt),
  };
}

function attemptsOf(task: EndedTask, attempts: readonly CallbackAttempt[]) {
  if (task.callbackUrl === undefined) return null;
  return {
    host: hostOf(task.callbackUrl),
    count: task.callbackAttempts ?? 0,
    last: attempts.map(({ at, milliseconds, status, reason }) => ({
      at: Math.floor(at / 1000),
      ms: milliseconds,
      status: status ?? null,
      reason: reason ?? null,
    })),
  };
}

/** The rest of the address is the caller's: it may carry a secret. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');

import type * as z from 'zod';
import { type CallbackAttempt, callbackEventId, type EndedTask } from '../model/task.ts';
import type * as schemas from './delivery-schemas.ts';
import { attemptView, nextAttemptAt } from './story.ts';

/** The delivery of a callback, in the list of its account. */
export const deliveryView = (
  task: EndedTask & { readonly callbackUrl: string },
  lastAttempt: CallbackAttempt | undefined,
): z.input<typeof schemas.Delivery> => ({
  object: 'webhook_delivery',
  task_id: task.id,
  event_id: callbackEventId(task.id),
  status: task.callback?.state ?? 'pending',
  url: withoutQuery(task.callbackUrl),
  task_created_at: Math.floor(task.createdAt / 1000),
  task_completed_at: Math.floor(task.finishedAt / 1000),
  attempt_count: task.callbackAttempts ?? 0,
  last_attempt: lastAttempt ? attemptView(lastAttempt) : null,
  next_attempt_at: nextAttemptAt(task),
});

/** A receiver's secret may be in the query. */
const withoutQuery = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

import * as z from 'zod';
import { callbackStates } from '../model/task.ts';
import { page, seconds, taskId } from './fields.ts';
import { Attempt } from './story-schemas.ts';

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

import * as z from 'zod';
import { taskErrorCodes } from '../task/problem.ts';
import { credits, seconds, taskId } from './fields.ts';

// What all answers about tasks have in common.

export const TaskError = z
  .strictObject({
    code: z.enum(taskErrorCodes).describe('What went wrong. Branch on this'),
    message: z.string().describe('For people: which picture or limit, and what to do'),
    type: z.literal('task_error'),
  })
  .describe('Why a task, or one image of it, was not made. It costs nothing');

export const identity = {
  created: seconds('When the task was created'),
  id: taskId.describe('The id to ask for the task with'),
  model: z.string().describe('The model that paints'),
  object: z.literal('image.generation.task'),
  type: z.literal('image'),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .describe('What the request said as `metadata`, unchanged'),
  progress: z
    .int()
    .min(0)
    .max(100)
    .describe('In percent, guessed from the time it usually takes; 100 when it is completed'),
};

export const canCancel = z.boolean().describe('Whether cancelling it would still change anything');

const charge = {
  billing_rule: z.literal('per_call'),
  user_group: z.string().describe('The user group of the account'),
};
export const Reserved = z.strictObject({
  ...{ ...charge, credits_reserved: credits('What is set aside for it until it has ended') },
});
export const Charged = z.strictObject({
  ...{ ...charge, credits_used: credits('What it cost: each image that was made') },
});

import * as z from 'zod';
import { imageFormats } from '../model/image-format.ts';
import { CaughtError } from './settle-task.ts';

// What the state machine hands to each of its states.

/** The input of every state: the id of its task. */
export const TaskInput = z.object({ taskId: z.string().min(1) });
/** The input of every state after `PrepareInputs`: also the formats of the pictures. */
export const PreparedInput = TaskInput.extend({
  inputFormats: z.array(z.enum(imageFormats).optional().catch(undefined)).optional(),
});
/** The input of `SettleTask`: also the error that a state before it ended with. */
export const SettleInput = TaskInput.extend({ error: CaughtError.optional() });
/** The input of a state that waits: also the task token that ends the wait. */
export const WaitInput = TaskInput.extend({ token: z.string().min(1) });

/** The input of `PollTask`: also the interval of the polls, which executions of an older definition do not have. */
export const PollInput = WaitInput.extend({ pollSeconds: z.int().positive().optional() });

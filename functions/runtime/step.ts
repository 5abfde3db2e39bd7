import * as z from 'zod';
import { imageFormats } from '../domain/images/image-format.ts';
import { TaskFailed } from '../domain/model/workflow-errors.ts';
import { CaughtError } from '../domain/tasks/settle-task.ts';
import { log } from './log.ts';

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

/**
 * The handler of a state of the workflow. It logs an error and throws it on: the state machine decides by
 * the name of the error whether to retry, and the code never does.
 */
export const step =
  <T extends { readonly taskId: string }, R>(schema: z.ZodType<T>, run: (input: T) => Promise<R>) =>
  async (event: unknown): Promise<R> => {
    const input = schema.parse(event);
    try {
      return await run(input);
    } catch (cause) {
      const code = cause instanceof TaskFailed ? cause.message : undefined;
      log(code ? 'info' : 'warn', 'state.failed', { taskId: input.taskId, code, cause });
      throw cause;
    }
  };

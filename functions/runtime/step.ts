import * as z from 'zod';
import { TaskRefused } from '../task/failures.ts';
import { log } from './log.ts';

/** What the state machine says to every state: which task. */
export const TaskInput = z.object({ taskId: z.string().min(1) });
/** And to a state that waits: with what it can be woken. */
export const WaitInput = TaskInput.extend({ token: z.string().min(1) });

/**
 * A state of the workflow. Errors escape by their names: the state machine decides about retries,
 * never a `catch` in the code.
 */
export const step =
  <T extends { readonly taskId: string }, R>(schema: z.ZodType<T>, run: (input: T) => Promise<R>) =>
  async (event: unknown): Promise<R> => {
    const input = schema.parse(event);
    try {
      return await run(input);
    } catch (cause) {
      const code = cause instanceof TaskRefused ? cause.message : undefined;
      log(code ? 'info' : 'warn', 'state.failed', { taskId: input.taskId, code, cause });
      throw cause;
    }
  };

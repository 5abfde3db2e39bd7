import type * as z from 'zod';
import { TaskFailed } from '../domain/model/workflow-errors.ts';
import { log } from './log.ts';

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

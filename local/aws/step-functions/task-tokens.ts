import { randomBytes } from 'node:crypto';
import type { Attempt } from './attempt.ts';
import { StepFunctionsError } from './error.ts';

const tokenPattern = /^[A-Za-z0-9_-]{128}$/;

/**
 * The task tokens of all executions. A token belongs to one attempt and is valid until that is over.
 * The latest `maxUsed` tokens of attempts that are over are remembered.
 */
export function taskTokens(maxUsed: number) {
  const pending = new Map<string, Attempt>();
  const used = new Set<string>();

  const retire = (token: string) => {
    pending.delete(token);
    used.add(token);
    const [oldest = ''] = used;
    if (used.size > maxUsed) used.delete(oldest);
  };

  return {
    create: (): string => randomBytes(96).toString('base64url'),
    assign(token: string, attempt: Attempt): void {
      pending.set(token, attempt);
      attempt.onEnd(() => retire(token));
    },
    /** @throws {StepFunctionsError} when no attempt waits for this token (any more) */
    pendingAttempt(token: string): Attempt {
      const attempt = pending.get(token);
      if (attempt) return attempt;
      if (used.has(token)) {
        throw new StepFunctionsError(
          'TaskTimedOut',
          "Task Timed Out: 'Provided task does not exist anymore'",
        );
      }
      // Well-formed, but forgotten, from before a restart, or from another Step Functions.
      if (tokenPattern.test(token))
        throw new StepFunctionsError('TaskDoesNotExist', 'Task Does Not Exist');
      throw new StepFunctionsError('InvalidToken', "Invalid Token: 'Invalid token'");
    },
  };
}

export type TaskTokens = ReturnType<typeof taskTokens>;

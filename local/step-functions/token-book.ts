import { randomBytes } from 'node:crypto';
import type { Attempt } from './attempt.ts';
import { Refusal } from './refusal.ts';

const shape = /^[A-Za-z0-9_-]{128}$/;

/** The task tokens of all executions: a token is good for one attempt, until that is over. */
export function tokenBook() {
  const attempts = new Map<string, Attempt>();
  const machines = new Map<string, string>();
  return {
    mint: (): string => randomBytes(96).toString('base64url'),
    assign(token: string, attempt: Attempt, machineArn: string): void {
      attempts.set(token, attempt);
      machines.set(token, machineArn);
    },
    /** The machine that waits for it, or has waited. */
    machineOf: (token: string): string | undefined => machines.get(token),
    /** @throws {Refusal} when nobody waits for this token (any more) */
    waiting(token: string): Attempt {
      const attempt = attempts.get(token);
      if (attempt && !attempt.isOver()) return attempt;
      if (attempt) {
        throw new Refusal('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
      }
      // Well-formed, but from before a restart, or from somebody else's Step Functions.
      if (shape.test(token)) throw new Refusal('TaskDoesNotExist', 'Task Does Not Exist');
      throw new Refusal('InvalidToken', "Invalid Token: 'Invalid token'");
    },
  };
}

export type TokenBook = ReturnType<typeof tokenBook>;

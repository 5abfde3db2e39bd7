import * as z from 'zod';
import type { Need } from '../rights/statement.ts';
import type { TokenBook } from './token-book.ts';

// What is not text is refused by the operation, which says so better.
const field = z.string().optional().catch(undefined);
const Asked = z
  .object({ executionArn: field, stateMachineArn: field, taskToken: field })
  .catch({ executionArn: undefined, stateMachineArn: undefined, taskToken: undefined });

/** What a request must be allowed to do: with an execution, a machine, or the machine that a token is of. */
export const needsOf =
  (tokens: TokenBook) =>
  (operation: string, body: unknown): readonly Need[] => {
    const { executionArn, stateMachineArn, taskToken } = Asked.parse(body);
    const ofToken = taskToken === undefined ? undefined : tokens.machineOf(taskToken);
    const resource = executionArn ?? stateMachineArn ?? ofToken;
    // A token that nobody knows is nobody's, and the operation refuses it.
    return resource === undefined ? [] : [{ action: `states:${operation}`, resource }];
  };

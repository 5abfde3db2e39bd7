import * as z from 'zod';
import type { RequiredAction } from '../iam/evaluate-policy.ts';

// A field that is not text is rejected by the operation, with a better message.
const field = z.string().optional().catch(undefined);
const ActionTarget = z
  .object({ executionArn: field, stateMachineArn: field, taskToken: field })
  .catch({ executionArn: undefined, stateMachineArn: undefined, taskToken: undefined });

/** The IAM action of a request, on an execution or a machine. Those on a task token have no resource type: `*`. */
export function requiredActions(operation: string, body: unknown): readonly RequiredAction[] {
  const { executionArn, stateMachineArn, taskToken } = ActionTarget.parse(body);
  const resource = executionArn ?? stateMachineArn ?? (taskToken === undefined ? undefined : '*');
  return resource === undefined ? [] : [{ action: `states:${operation}`, resource }];
}

import type { ExecutionEvent } from '../../local/aws/step-functions/history.ts';
import type { Invocation } from '../support/faults/crash-injector.ts';

/** What a task has cost, in units that can be counted. */
export type Cost = {
  readonly polls: number;
  /** States entered, plus retries: what Step Functions bills. */
  readonly transitions: number;
  readonly invocations: number;
  /** Requests that write one item. */
  readonly writes: number;
  /** Requests that write several at once. */
  readonly transactions: number;
};

const otherFunctions = ['api/get-task', 'events/reconcile'];
const write = /^dynamodb (Put|Update|Delete)Item$/;

/** Counts what one execution and its functions did. Reads by the caller and the reconciler do not count. */
export function costOf(
  events: readonly ExecutionEvent[],
  invocations: readonly Invocation[],
): Cost {
  const count = (type: RegExp) => events.filter((event) => type.test(event.type)).length;
  const own = invocations.filter(({ function: name }) => !otherFunctions.includes(name));
  const calls = own.flatMap((invocation) => invocation.calls);
  const retries = count(/Scheduled$/) - count(/^TaskStateEntered$/);
  return {
    polls: events.filter(({ type, state }) => type === 'TaskStateEntered' && state === 'PollTask')
      .length,
    transitions: count(/StateEntered$/) + retries,
    invocations: own.length,
    writes: calls.filter((call) => write.test(call)).length,
    transactions: calls.filter((call) => call === 'dynamodb TransactWriteItems').length,
  };
}

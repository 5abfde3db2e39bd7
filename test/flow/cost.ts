import type { Invocation } from '../../local/faults/kills.ts';
import type { Observed } from '../../local/step-functions/history.ts';

/** What a task has cost, in what can be counted. */
export type Cost = {
  readonly polls: number;
  /** States entered, and their repetitions: what Step Functions bills. */
  readonly transitions: number;
  readonly invocations: number;
  /** Requests that write one item. */
  readonly writes: number;
  /** Requests that write several at once. */
  readonly transactions: number;
};

const isNotTheTasks = ['api/get-task', 'events/sweep'];
const write = /^dynamodb (Put|Update|Delete)Item$/;

/** What this execution and these functions have done, but for those that read and sweep. */
export function costOf(history: readonly Observed[], record: readonly Invocation[]): Cost {
  const count = (type: RegExp) => history.filter((event) => type.test(event.type)).length;
  const own = record.filter(({ function: name }) => !isNotTheTasks.includes(name));
  const calls = own.flatMap((invocation) => invocation.calls);
  const repetitions = count(/Scheduled$/) - count(/^TaskStateEntered$/);
  return {
    polls: history.filter(({ type, state }) => type === 'TaskStateEntered' && state === 'PollTask')
      .length,
    transitions: count(/StateEntered$/) + repetitions,
    invocations: own.length,
    writes: calls.filter((call) => write.test(call)).length,
    transactions: calls.filter((call) => call === 'dynamodb TransactWriteItems').length,
  };
}

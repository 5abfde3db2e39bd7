import type { ExecutionEvent } from '../../local/aws/step-functions/history.ts';
import type { Invocation } from '../support/faults/crash-injector.ts';

/** The cost of a task, in units that can be counted. */
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

/** The steps between the webhook of the provider and the first byte of the callback. */
export type WayBack = {
  readonly transitions: number;
  /** Calls that functions make one after the other, the callback included. */
  readonly awaits: number;
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

/** Follows the webhook that ended the first wait of an execution, by the calls that its functions made. */
export function wayBackOf(
  events: readonly ExecutionEvent[],
  invocations: readonly Invocation[],
): WayBack {
  const wokenAt = events.findIndex(({ error }) => error === 'Woken');
  if (wokenAt < 0) throw new Error('no webhook has ended a wait');
  const afterwards = events.slice(wokenAt);
  const retries =
    afterwards.filter(({ type }) => /Scheduled$/.test(type)).length -
    afterwards.filter(({ type }) => type === 'TaskStateEntered').length;
  return {
    transitions: afterwards.filter(({ type }) => /StateEntered$/.test(type)).length + retries,
    awaits:
      depthOf(invocations, 'api/provider-webhook', /^states SendTaskFailure$/) +
      depthOf(invocations, 'workflow/poll-task', /^POST (?!.*\/mock)/),
  };
}

/** How many calls the function has made one after the other, up to its last call of this kind. */
function depthOf(invocations: readonly Invocation[], name: string, kind: RegExp): number {
  const [found, ...more] = invocations.flatMap(({ function: one, calls, depths }) => {
    const index = one === name ? calls.findLastIndex((call) => kind.test(call)) : -1;
    return index < 0 ? [] : [depths[index]];
  });
  if (found === undefined || more.length > 0) throw new Error(`${name} was not invoked once`);
  return found;
}

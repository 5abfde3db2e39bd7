import { waitingPlaces } from '../adapters/aws/dynamodb/waiting-places.ts';
import type { Caller } from '../domain/model/api-key.ts';
import { requestHeaders } from '../domain/model/http-headers.ts';
import type { Task } from '../domain/model/task.ts';
import { offerWait } from '../domain/tasks/wait-for-task.ts';
import { preferredWaitSeconds, waitPath } from '../domain/wire/prefer.ts';
import { log } from '../runtime/log.ts';
import { dynamo } from './callers.ts';

type WaitRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
};

/**
 * For the routes that accept `Prefer: wait=N`: the address where a request with this header can wait for its task.
 * `undefined` when the route itself has to respond.
 */
export function waitRedirect(env: { readonly ACTIVITY_TABLE: string; readonly WAITERS: number }) {
  const offer = offerWait({
    places: waitingPlaces(dynamo, env.ACTIVITY_TABLE),
    maxWaiters: env.WAITERS,
    now: Date.now,
    random: Math.random,
    leaseFailed: (taskId, cause) => log('warn', 'wait.no_place', { taskId, cause }),
  });
  return async (
    task: Task,
    caller: Caller,
    { method, headers }: WaitRequest,
  ): Promise<string | undefined> => {
    const offered = await offer(
      task,
      caller,
      preferredWaitSeconds(headers[requestHeaders.prefer], method),
    );
    return offered && waitPath(task.id, offered);
  };
}

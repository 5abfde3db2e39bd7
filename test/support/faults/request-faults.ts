import type { Intercept } from '../../../local/aws/json-server.ts';
import { faultQueue } from './fault-queue.ts';
import type { Delay } from './scaled-delay.ts';

const operations = {
  start: ['StartExecution'],
  'task-token': ['SendTaskSuccess', 'SendTaskFailure'],
} as const;

export type RequestFault = {
  readonly kind: keyof typeof operations;
  /**
   * `fail`: not done, with a 500 as response. `lose-response`: done, but the connection breaks before
   * the response. The SDK retries both (three attempts in all), so a fault for one time mostly heals
   * and one for three times does not. `duplicate`: done twice. `delay`: done late, so the response is late.
   * `drop`: never done, and answered as if it were.
   */
  readonly fault: 'fail' | 'lose-response' | 'duplicate' | 'delay' | 'drop';
  /** How long the request is delayed; the local stack's speed divides it. */
  readonly delayMs?: number;
  /** The n-th request that matches; the next one, if it is left out. */
  readonly nth?: number;
  /** How many requests in a row; one, if it is left out. */
  readonly times?: number;
  /** Is given the request's body. */
  readonly matching?: (body: unknown) => boolean;
};

/** Fails, delays and duplicates requests to Step Functions, and loses their responses. */
export function requestFaults(delay: Delay) {
  const queue = faultQueue<RequestFault>();

  const applyFault = async ({ fault, delayMs = 0 }: RequestFault, run: () => Promise<object>) => {
    if (fault === 'fail') throw new Error('Failed by an injected fault');
    if (fault === 'delay') return (await delay(delayMs)) ? run() : undefined;
    const response = await run();
    if (fault === 'lose-response') return undefined;
    runDuplicate(run);
    return response;
  };

  const intercept: Intercept = async (operation, body, run) => {
    const fault = queue.take(
      ({ kind, matching }) =>
        operations[kind].some((one) => one === operation) && (matching?.(body) ?? true),
    );
    if (fault?.fault === 'drop') return {};
    return fault ? applyFault(fault, run) : run();
  };

  return { intercept, add: queue.add, clear: queue.clear };
}

// The second request usually fails, since the first one has used the token. Its response is discarded.
const runDuplicate = (run: () => Promise<object>) => void run().catch(() => undefined);

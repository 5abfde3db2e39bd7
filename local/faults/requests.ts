import type { Interfere } from '../step-functions/aws-json-server.ts';
import type { Later } from './later.ts';
import { orderBook } from './order-book.ts';

const operations = {
  start: ['StartExecution'],
  'wake-up': ['SendTaskSuccess', 'SendTaskFailure'],
} as const;

export type RequestOrder = {
  readonly of: keyof typeof operations;
  /**
   * `refuse`: not done, and answered by a 500. `lose`: done, but nobody hears the answer. The SDK tries
   * both again (three times in all), so an order for one time mostly heals and one for three does not.
   * `duplicate`: done twice. `delay`: done and answered late.
   */
  readonly fault: 'refuse' | 'lose' | 'duplicate' | 'delay';
  /** How long it is delayed; the laptop's speed divides it. */
  readonly delayMs?: number;
  /** The n-th that fits; the next, if it is left out. */
  readonly nth?: number;
  /** How many in a row; one, if it is left out. */
  readonly times?: number;
  /** Looks at the request's body. */
  readonly matching?: (body: unknown) => boolean;
};

/** Requests to Step Functions fail, or lose their answers, or come twice, where it was ordered. */
export function requestFaults(later: Later) {
  const orders = orderBook<RequestOrder>();

  const spoil = async ({ fault, delayMs = 0 }: RequestOrder, run: () => object) => {
    if (fault === 'refuse') throw new Error('Refused by order');
    if (fault === 'delay') return (await later(delayMs)) ? run() : undefined;
    const answer = run();
    if (fault === 'lose') return undefined;
    twice(run);
    return answer;
  };

  const interfere: Interfere = (operation, body, run) => {
    const order = orders.take(
      ({ of, matching }) =>
        operations[of].some((one) => one === operation) && (matching?.(body) ?? true),
    );
    return order ? spoil(order, run) : run();
  };

  return { interfere, order: orders.give, clear: orders.clear };
}

// That nobody waits for it any more is what the second one usually hears, and nobody hears it.
function twice(run: () => object): void {
  try {
    run();
  } catch {}
}

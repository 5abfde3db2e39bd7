import { failure, type InvokeAnswer } from '../lambda/invoke-answer.ts';
import type { Later } from './later.ts';
import { orderBook } from './order-book.ts';

/** Who sends an event to a function: a bucket, the clock, or the end of an execution. */
type Sender = 's3' | 'schedule' | 'execution';

export type EventOrder = {
  readonly of: Sender;
  readonly fault: 'drop' | 'delay' | 'duplicate';
  /** How long it is delayed, or how much later the duplicate comes; the laptop's speed divides it. */
  readonly delayMs?: number;
  /** The n-th that fits; the next, if it is left out. */
  readonly nth?: number;
  readonly matching?: (event: unknown) => boolean;
};

/** Sends an event on its way. */
export type Pass = (
  of: Sender,
  event: unknown,
  deliver: () => Promise<InvokeAnswer>,
) => Promise<InvokeAnswer>;

/** Events get lost, come late, or come twice, where it was ordered. */
export function eventFaults(later: Later) {
  const orders = orderBook<EventOrder>();

  const spoil = async (
    { fault, delayMs = 0 }: EventOrder,
    deliver: () => Promise<InvokeAnswer>,
  ) => {
    if (fault === 'drop') return lost;
    if (fault === 'delay') return (await later(delayMs)) ? deliver() : lost;
    const first = deliver();
    if (await later(delayMs)) await deliver();
    return first;
  };

  const pass: Pass = (of, event, deliver) => {
    const order = orders.take((one) => one.of === of && (one.matching?.(event) ?? true));
    return order ? spoil(order, deliver) : deliver();
  };

  return { pass, order: orders.give, clear: orders.clear };
}

const lost = failure('EventLost', 'Nobody was told of this event');

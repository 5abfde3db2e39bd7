import type { EventSource, InterceptEvent } from '../../../local/aws/lambda/intercept-event.ts';
import { type InvokeResult, invokeFailure } from '../../../local/aws/lambda/invoke-result.ts';
import type { InterceptCallback } from '../../../local/providers/callbacks.ts';
import { faultQueue } from './fault-queue.ts';
import type { Delay } from './scaled-delay.ts';

export type EventFault = {
  /** What sends the event: a service of AWS, or a provider with its webhook. */
  readonly source: EventSource | 'provider';
  readonly fault: 'drop' | 'delay' | 'duplicate';
  /** How late the event comes, or how much later its duplicate; the local stack's speed divides it. */
  readonly delayMs?: number;
  /** The n-th event that matches; the next one, if it is left out. */
  readonly nth?: number;
  readonly matching?: (event: unknown) => boolean;
};

/** Loses, delays and duplicates events. */
export function eventFaults(delay: Delay) {
  const queue = faultQueue<EventFault>();

  const applyFault = async (
    { fault, delayMs = 0 }: EventFault,
    deliver: () => Promise<InvokeResult>,
  ) => {
    if (fault === 'drop') return lost;
    if (fault === 'delay') return (await delay(delayMs)) ? deliver() : lost;
    const first = deliver();
    if (await delay(delayMs)) await deliver();
    return first;
  };

  const deliverOrBreak = (
    source: EventFault['source'],
    event: unknown,
    deliver: () => Promise<InvokeResult>,
  ) => {
    const fault = queue.take((one) => one.source === source && (one.matching?.(event) ?? true));
    return fault ? applyFault(fault, deliver) : deliver();
  };

  const intercept: InterceptEvent = deliverOrBreak;
  const interceptCallback: InterceptCallback = (url, deliver) =>
    deliverOrBreak('provider', { url }, () => deliver().then(() => delivered));

  return { intercept, interceptCallback, add: queue.add, clear: queue.clear };
}

const delivered = { ok: true, payload: null } as const;
const lost = invokeFailure('EventLost', 'A fault dropped this event');

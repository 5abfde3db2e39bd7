import type { InvokeResult } from './invoke-result.ts';

/** What sends an event to a function: a bucket, a schedule, or a rule about executions that end. */
export type EventSource = 's3' | 'schedule' | 'execution';

/**
 * Is called in place of the delivery of an event, with the function that delivers it. A seam for tests,
 * which lose, delay and repeat events.
 */
export type InterceptEvent = (
  source: EventSource,
  event: unknown,
  deliver: () => Promise<InvokeResult>,
) => Promise<InvokeResult>;

export const deliverUnchanged: InterceptEvent = (_source, _event, deliver) => deliver();

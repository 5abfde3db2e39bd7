import type { ServiceEvent } from '../event-bus.ts';
import type { Execution } from './execution.ts';
import { description } from './views.ts';

/** What EventBridge is told when an execution starts or ends. */
export function statusChange(execution: Execution): ServiceEvent {
  const { redriveCount, startDate: _start, stopDate: _stop, ...described } = description(execution);
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [execution.order.arn],
    detail: {
      output: null,
      outputDetails: null,
      error: null,
      cause: null,
      ...described,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      // Dates are in milliseconds here, and in seconds everywhere else.
      startDate: execution.startedAt,
      stopDate: execution.ended?.at ?? null,
      redriveCount,
    },
  };
}

import type { ServiceEvent } from '../event-bridge/event-bus.ts';
import type { ExecutionStatus, Machine } from './machine.ts';

export const statuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

export const statusOf = ({ ended }: ExecutionStatus): (typeof statuses)[number] =>
  ended?.status ?? 'RUNNING';

/** A date in a response: seconds since 1970. */
export const toSeconds = (atMs: number | undefined): number | undefined =>
  atMs === undefined ? undefined : atMs / 1000;

/** An execution in ListExecutions. */
export const executionSummary = (execution: ExecutionStatus) => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machineArn,
  name: execution.name,
  status: statusOf(execution),
  startDate: toSeconds(execution.startedAt),
  stopDate: toSeconds(execution.ended?.at),
  redriveCount: 0,
});

/** An execution in DescribeExecution. */
export const executionDescription = (execution: ExecutionStatus) => ({
  ...executionSummary(execution),
  ...inputAndResult(execution),
});

/** The event that EventBridge gets when an execution starts or ends. */
export function statusChangeEvent(execution: ExecutionStatus): ServiceEvent {
  const { executionArn, stateMachineArn, name, status, redriveCount } = executionSummary(execution);
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [executionArn],
    detail: {
      output: null,
      outputDetails: null,
      error: null,
      cause: null,
      executionArn,
      stateMachineArn,
      name,
      status,
      ...inputAndResult(execution),
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      // Dates are milliseconds in this event, and seconds everywhere else.
      startDate: execution.startedAt,
      stopDate: execution.ended?.at ?? null,
      redriveCount,
    },
  };
}

const inputAndResult = ({ input, ended }: ExecutionStatus) => ({
  input,
  inputDetails: { included: input !== undefined },
  ...(ended && 'output' in ended && outputFields(ended.output)),
  ...(ended && 'error' in ended && { error: ended.error }),
  ...(ended && 'cause' in ended && { cause: ended.cause }),
});

const outputFields = (output: string | undefined) => ({
  output,
  outputDetails: { included: output !== undefined },
});

/** A machine in DescribeStateMachine. */
export const machineDescription = ({ arn, name, source, roleArn, createdAt }: Machine) => ({
  stateMachineArn: arn,
  name,
  status: 'ACTIVE',
  type: 'STANDARD',
  definition: JSON.stringify(source),
  roleArn,
  creationDate: toSeconds(createdAt),
});

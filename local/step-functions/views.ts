import type { Execution } from './execution.ts';
import type { Machine } from './machine.ts';

export const statuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

export const statusOf = ({ ended }: Execution): (typeof statuses)[number] =>
  ended?.status ?? 'RUNNING';

/** A date as the wire has it. */
export const seconds = (atMs: number | undefined): number | undefined =>
  atMs === undefined ? undefined : atMs / 1000;

export const summary = (execution: Execution) => ({
  executionArn: execution.order.arn,
  stateMachineArn: execution.order.machine.arn,
  name: execution.order.name,
  status: statusOf(execution),
  startDate: seconds(execution.startedAt),
  stopDate: seconds(execution.ended?.at),
  redriveCount: 0,
});

export function description(execution: Execution) {
  const { at: _at, status: _status, ...result } = execution.ended ?? {};
  return {
    ...summary(execution),
    input: execution.order.input,
    inputDetails: { included: true },
    ...result,
    ...('output' in result && { outputDetails: { included: true } }),
  };
}

export const machineView = ({ arn, name, definition, roleArn, createdAt }: Machine) => ({
  stateMachineArn: arn,
  name,
  status: 'ACTIVE',
  type: 'STANDARD',
  definition: JSON.stringify(definition),
  roleArn,
  creationDate: seconds(createdAt),
});

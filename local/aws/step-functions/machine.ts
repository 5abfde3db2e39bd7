import type { InvokeResult } from '../lambda/invoke-result.ts';
import type { Definition } from './definition.ts';
import type { ExecutionEvent } from './history.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { TimeScale } from './time-scale.ts';

/** A deployed state machine. */
export type Machine = {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  /** As it was deployed. */
  readonly source: unknown;
  readonly definition: Definition;
  readonly createdAt: number;
};

/** Invokes a function for a machine. @throws {TaskFailure} when the machine is not allowed to */
export type InvokeFor = (
  functionArn: string,
  payload: unknown,
  machineArn: string,
) => Promise<InvokeResult>;

/** The dependencies that all executions share. */
export type EmulatorContext = {
  readonly invoke: InvokeFor;
  readonly tokens: TaskTokens;
  readonly timeScale: TimeScale;
  readonly now: () => number;
  readonly onEvent: (event: ExecutionEvent) => void;
  /** Called for every execution that starts or ends. */
  readonly onStatusChange: (execution: ExecutionStatus) => void;
};

/** How an execution began, and how it ended. */
export type ExecutionStatus = {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  /** JSON, byte for byte as it was sent. Undefined when it is no longer kept. */
  readonly input: string | undefined;
  readonly startedAt: number;
  readonly ended: Ended | undefined;
};

export type ErrorDetails = {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
};

export type Ending =
  // The output is undefined when it is no longer kept.
  | { readonly status: 'SUCCEEDED'; readonly output: string | undefined }
  | ({ readonly status: 'FAILED' | 'ABORTED' } & ErrorDetails)
  | { readonly status: 'TIMED_OUT' };

export type Ended = Ending & { readonly at: number };

export type StartRequest = {
  readonly arn: string;
  readonly name: string;
  readonly machine: Machine;
  readonly input: string;
};

import type { InvokeAnswer } from '../lambda/invoke-answer.ts';
import type { Definition } from './definition.ts';
import type { Execution } from './execution.ts';
import type { Observed } from './history.ts';
import type { Pace } from './pace.ts';
import type { TokenBook } from './token-book.ts';

/** A state machine that is deployed here. */
export type Machine = {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: Definition;
  readonly createdAt: number;
};

/** Runs a function by its ARN for a machine. @throws {TaskFailure} when the machine may not */
export type InvokeFor = (
  functionArn: string,
  payload: unknown,
  machineArn: string,
) => Promise<InvokeAnswer>;

/** What all executions share. */
export type World = {
  readonly invoke: InvokeFor;
  readonly tokens: TokenBook;
  readonly pace: Pace;
  readonly now: () => number;
  readonly onEvent: (event: Observed) => void;
  /** Told of every execution that starts or ends. */
  readonly onStatus: (execution: Execution) => void;
};

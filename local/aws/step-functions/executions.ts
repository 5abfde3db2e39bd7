import { randomUUID } from 'node:crypto';
import { StepFunctionsError } from './error.ts';
import { Execution } from './execution.ts';
import type { HistoryEvent } from './history.ts';
import type { EmulatorContext, Ended, ErrorDetails, ExecutionStatus, Machine } from './machine.ts';

/** The status with which an execution may be ended from outside. */
export type ForcedStatus = 'ABORTED' | 'TIMED_OUT';

type StartInput = {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  readonly input?: string | undefined;
};

/** An execution, and what is known of it when its history is no longer kept. */
type Entry = { readonly status: ExecutionStatus; readonly execution?: Execution };

/**
 * The deployed machines and all their executions, by ARN. Of ended executions it keeps the latest
 * `maxEnded` whole, and of those before them only the status: their names stay in use.
 */
export function executions(machines: readonly Machine[], deps: EmulatorContext, maxEnded: number) {
  let deployed = byArn(machines);
  const all = new Map<string, Entry>();
  const ended: string[] = [];

  const context: EmulatorContext = {
    ...deps,
    onStatusChange: (status) => {
      deps.onStatusChange(status);
      if (!status.ended) return;
      ended.push(status.arn);
      if (ended.length > maxEnded) drop(ended.shift() ?? '');
    },
  };

  // `set` on a key that exists keeps its place in the order.
  const drop = (arn: string) => {
    const entry = all.get(arn);
    if (entry) all.set(arn, { status: withoutData(entry.status) });
  };

  const machine = (arn: string): Machine => {
    const found = deployed.get(arn);
    if (found) return found;
    throw new StepFunctionsError(
      'StateMachineDoesNotExist',
      `State Machine Does Not Exist: '${arn}'`,
    );
  };

  const find = (arn: string): Entry => {
    const found = all.get(arn);
    if (found) return found;
    throw doesNotExist(arn);
  };

  return {
    machine,

    /** Replaces the deployed machines. A running execution keeps the definition it started with. */
    update(next: readonly Machine[]): void {
      deployed = byArn(next);
    },

    /** Starts an execution, or returns the running one that has the same name and input. */
    start({ stateMachineArn, name = randomUUID(), input = '{}' }: StartInput): ExecutionStatus {
      const request = {
        name: validName(name),
        input: validJson(input),
        machine: machine(stateMachineArn),
      };
      const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const namesake = all.get(arn)?.status;
      if (namesake && (namesake.ended || namesake.input !== input)) {
        throw new StepFunctionsError(
          'ExecutionAlreadyExists',
          `Execution Already Exists: '${arn}'`,
        );
      }
      if (namesake) return namesake;
      const execution = new Execution({ ...request, arn }, context);
      all.set(arn, { status: execution, execution });
      return execution;
    },

    status: (arn: string): ExecutionStatus => find(arn).status,

    history(arn: string): readonly HistoryEvent[] {
      const { execution } = find(arn);
      if (!execution) throw doesNotExist(arn); // its history is no longer kept
      return execution.history;
    },

    /** Ends an execution, unless it has ended. */
    stop(arn: string, failure: ErrorDetails) {
      const { status, execution } = find(arn);
      execution?.end({ status: 'ABORTED', ...failure });
      return status;
    },

    /** Ends the latest execution of that name. @throws {Error} when there is none, or it has ended */
    end(name: string, status: ForcedStatus): void {
      const found = [...all.values()].findLast((entry) => entry.status.name === name);
      if (!found) throw new Error(`There is no execution ${name}`);
      if (found.status.ended)
        throw new Error(`The execution ${name} has ended: ${found.status.ended.status}`);
      found.execution?.end({ status });
    },

    /** The executions of one machine, the latest first. */
    of: ({ arn }: Machine): readonly ExecutionStatus[] =>
      [...all.values()]
        .map(({ status }) => status)
        .filter(({ machineArn }) => machineArn === arn)
        .reverse(),

    /** Ends all running executions, as when the machine is switched off. */
    async close(): Promise<void> {
      const running = [...all.values()].flatMap(({ execution }) => execution ?? []);
      for (const execution of running) execution.end({ status: 'ABORTED' });
      await Promise.all(running.map(({ finished }) => finished));
    },
  };
}

const byArn = (machines: readonly Machine[]): ReadonlyMap<string, Machine> =>
  new Map(machines.map((machine) => [machine.arn, machine]));

const withoutData = ({ arn, name, machineArn, startedAt, ended }: ExecutionStatus) => ({
  arn,
  name,
  machineArn,
  startedAt,
  input: undefined,
  ended: ended && withoutResult(ended),
});

function withoutResult(ended: Ended): Ended {
  if (ended.status === 'SUCCEEDED') return { ...ended, output: undefined };
  return ended.status === 'TIMED_OUT' ? ended : { ...ended, cause: undefined };
}

const doesNotExist = (arn: string) =>
  new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);

export type Executions = ReturnType<typeof executions>;

// White space, brackets, wildcards, special and control characters, and all beyond 16 bits.
const notAllowedInName =
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\u{fffe}\u{ffff}\u{10000}-\u{10ffff}]/u;

function validName(name: string): string {
  if (notAllowedInName.test(name))
    throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}

function validJson(input: string): string {
  try {
    JSON.parse(input);
    return input;
  } catch (cause) {
    throw new StepFunctionsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${cause instanceof Error ? cause.message : cause}'`,
    );
  }
}

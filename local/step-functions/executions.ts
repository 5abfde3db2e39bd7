import { randomUUID } from 'node:crypto';
import { Execution } from './execution.ts';
import type { Machine, World } from './machine.ts';
import { Refusal } from './refusal.ts';

/** How an execution may be ended by somebody else. */
export type BadEnding = 'ABORTED' | 'TIMED_OUT';

type Start = {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  readonly input?: string | undefined;
};

/** The machines that are deployed here and all their executions, by arn. */
export function executions(machines: readonly Machine[], world: World) {
  const all = new Map<string, Execution>();

  const machine = (arn: string): Machine => {
    const found = machines.find((candidate) => candidate.arn === arn);
    if (found) return found;
    throw new Refusal('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  };

  return {
    machine,

    /** Starts one, or answers the one of that name that runs on the very same input. */
    start({ stateMachineArn, name = randomUUID(), input = '{}' }: Start): Execution {
      const order = { name: named(name), input: json(input), machine: machine(stateMachineArn) };
      const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const namesake = all.get(arn);
      if (namesake && (namesake.ended || namesake.order.input !== input)) {
        throw new Refusal('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
      }
      const execution = namesake ?? new Execution({ ...order, arn }, world);
      all.set(arn, execution);
      return execution;
    },

    find(arn: string): Execution {
      const found = all.get(arn);
      if (!found) throw new Refusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
      return found;
    },

    /** Ends the latest one of that name. @throws when there is none, or it has ended */
    end(name: string, how: BadEnding): void {
      const found = [...all.values()].findLast(({ order }) => order.name === name);
      if (!found) throw new Error(`There is no execution ${name}`);
      if (found.ended) throw new Error(`The execution ${name} has ended: ${found.ended.status}`);
      found.end({ status: how });
    },

    /** Those of one machine, the latest first. */
    of: ({ arn }: Machine): readonly Execution[] =>
      [...all.values()].filter(({ order }) => order.machine.arn === arn).reverse(),

    /** Ends whatever runs, as a machine that is switched off does. */
    async close(): Promise<void> {
      for (const execution of all.values()) execution.end({ status: 'ABORTED' });
      await Promise.all([...all.values()].map(({ finished }) => finished));
    },
  };
}

export type Executions = ReturnType<typeof executions>;

// White space, brackets, wildcards, special and control characters, and all beyond 16 bits.
const unfit = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\u{fffe}\u{ffff}\u{10000}-\u{10ffff}]/u;

function named(name: string): string {
  if (unfit.test(name)) throw new Refusal('InvalidName', `Invalid Name: '${name}'`);
  return name;
}

function json(input: string): string {
  try {
    JSON.parse(input);
    return input;
  } catch (cause) {
    throw new Refusal(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${cause instanceof Error ? cause.message : cause}'`,
    );
  }
}

import type { ServiceEvent } from '../event-bus.ts';
import type { Running } from '../listen.ts';
import { everybodyMay, type Judge } from '../rights/judge.ts';
import { type Interfere, serve } from './aws-json-server.ts';
import { readDefinition } from './definition.ts';
import { type BadEnding, executions } from './executions.ts';
import type { Observed } from './history.ts';
import type { InvokeFor, Machine } from './machine.ts';
import { needsOf } from './needs.ts';
import { operations } from './operations.ts';
import { pace } from './pace.ts';
import { statusChange } from './status-change.ts';
import { tokenBook } from './token-book.ts';

type Options = {
  /** What is deployed: the definition is the States Language as an object, its Lambdas by arn. */
  readonly machines: readonly Deployed[];
  readonly invoke: InvokeFor;
  /** Divides every wait of the machines: timeouts, retry intervals, Wait states. */
  readonly speed?: number | undefined;
  readonly port?: number | undefined;
  readonly now?: (() => number) | undefined;
  /** Told of every event of every history. */
  readonly onEvent?: ((event: Observed) => void) | undefined;
  /** Told of every execution that starts or ends, as EventBridge is. */
  readonly onStatusChange?: ((event: ServiceEvent) => void) | undefined;
  readonly interfere?: Interfere | undefined;
  /** Who may do what; everybody everything without it. */
  readonly judge?: Judge | undefined;
};

type Deployed = {
  readonly arn: string;
  readonly roleArn?: string | undefined;
  readonly definition: unknown;
};

export type StepFunctions = Running & {
  /** Ends the latest execution of that name. @throws when there is none, or it has ended */
  endExecution(name: string, how: BadEnding): void;
};

/**
 * The laptop's Step Functions: the SDK's own client works with it.
 * @throws when a machine would not work here as it does on AWS
 */
export async function startStepFunctions({
  machines,
  invoke,
  speed = 1,
  port = 0,
  now = Date.now,
  onEvent = () => undefined,
  onStatusChange = () => undefined,
  interfere,
  judge = everybodyMay,
}: Options): Promise<StepFunctions> {
  const tokens = tokenBook();
  const deployed = machines.map((machine) => deploy(machine, now()));
  const running = executions(deployed, {
    ...{ invoke, tokens, pace: pace(speed), now, onEvent },
    onStatus: (execution) => onStatusChange(statusChange(execution)),
  });
  const needs = needsOf(tokens);
  const server = await serve(operations(running, tokens), {
    ...{ port, interfere },
    objection: (accessKeyId, ...asked) => judge(accessKeyId, needs(...asked)),
  });
  return {
    url: server.url,
    endExecution: running.end,
    async close() {
      await server.close();
      await running.close();
    },
  };
}

function deploy({ arn, definition, ...given }: Deployed, createdAt: number): Machine {
  const [, partition, , , account, , name = ''] = arn.split(':');
  const roleArn = given.roleArn ?? `arn:${partition}:iam::${account}:role/${name}`;
  return { arn, name, roleArn, definition: readDefinition(definition), createdAt };
}

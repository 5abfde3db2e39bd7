import type { ServiceEvent } from '../event-bus.ts';
import type { Invoke } from '../lambda/invoke-answer.ts';
import type { Running } from '../listen.ts';
import { type Interfere, serve } from './aws-json-server.ts';
import { readDefinition } from './definition.ts';
import { type BadEnding, executions } from './executions.ts';
import type { Observed } from './history.ts';
import type { Machine } from './machine.ts';
import { operations } from './operations.ts';
import { pace } from './pace.ts';
import { statusChange } from './status-change.ts';
import { tokenBook } from './token-book.ts';

type Options = {
  /** What is deployed: the definition is the States Language as an object, its Lambdas by arn. */
  readonly machines: readonly { readonly arn: string; readonly definition: unknown }[];
  readonly invoke: Invoke;
  /** Divides every wait of the machines: timeouts, retry intervals, Wait states. */
  readonly speed?: number | undefined;
  readonly port?: number | undefined;
  readonly now?: (() => number) | undefined;
  /** Told of every event of every history. */
  readonly onEvent?: ((event: Observed) => void) | undefined;
  /** Told of every execution that starts or ends, as EventBridge is. */
  readonly onStatusChange?: ((event: ServiceEvent) => void) | undefined;
  readonly interfere?: Interfere | undefined;
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
}: Options): Promise<StepFunctions> {
  const tokens = tokenBook();
  const deployed = machines.map(({ arn, definition }) => deploy(arn, definition, now()));
  const running = executions(deployed, {
    ...{ invoke, tokens, pace: pace(speed), now, onEvent },
    onStatus: (execution) => onStatusChange(statusChange(execution)),
  });
  const server = await serve(operations(running, tokens), port, interfere);
  return {
    url: server.url,
    endExecution: running.end,
    async close() {
      await server.close();
      await running.close();
    },
  };
}

function deploy(arn: string, definition: unknown, createdAt: number): Machine {
  const [, partition, , , account, , name = ''] = arn.split(':');
  const roleArn = `arn:${partition}:iam::${account}:role/${name}`;
  return { arn, name, roleArn, definition: readDefinition(definition), createdAt };
}

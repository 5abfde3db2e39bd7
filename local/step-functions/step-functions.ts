import type { Invoke } from '../lambda/invoke-answer.ts';
import type { Running } from '../listen.ts';
import { serve } from './aws-json-server.ts';
import { readDefinition } from './definition.ts';
import { executions } from './executions.ts';
import type { Observed } from './history.ts';
import type { Machine } from './machine.ts';
import { operations } from './operations.ts';
import { pace } from './pace.ts';
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
}: Options): Promise<Running> {
  const tokens = tokenBook();
  const deployed = machines.map(({ arn, definition }) => deploy(arn, definition, now()));
  const running = executions(deployed, { invoke, tokens, pace: pace(speed), now, onEvent });
  const server = await serve(operations(running, tokens), port);
  return {
    url: server.url,
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

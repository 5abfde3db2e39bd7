import type { ServiceEvent } from '../event-bridge/event-bus.ts';
import { type Authorizer, allowAll } from '../iam/authorizer.ts';
import type { Intercept } from '../json-server.ts';
import type { RunningServer } from '../listen.ts';
import { serve } from './aws-json-server.ts';
import { statusChangeEvent } from './execution-view.ts';
import { executions, type ForcedStatus } from './executions.ts';
import type { ExecutionEvent } from './history.ts';
import type { ExecutionStatus, InvokeFor, Machine } from './machine.ts';
import { operations } from './operations.ts';
import { readDefinition } from './read-definition.ts';
import { requiredActions } from './required-actions.ts';
import { taskTokens } from './task-tokens.ts';
import { timeScale } from './time-scale.ts';

type Options = {
  readonly machines: readonly Deployed[];
  readonly invoke: InvokeFor;
  /** Divides every wait of the machines: timeouts, retry intervals, Wait states. */
  readonly speed?: number | undefined;
  readonly port?: number | undefined;
  readonly now?: (() => number) | undefined;
  /** Called for every event of every history. */
  readonly onEvent?: ((event: ExecutionEvent) => void) | undefined;
  /** Called for every execution that starts or ends, with the event for EventBridge. */
  readonly onStatusChange?: ((event: ServiceEvent) => void) | undefined;
  readonly intercept?: Intercept | undefined;
  /**
   * How many ended executions keep their history, input and output: 1,000 unless it is given. Older ones keep only
   * their status. Ten times as many used task tokens are kept.
   */
  readonly maxEnded?: number | undefined;
  /** Checks permissions; without it every caller may do everything. */
  readonly authorize?: Authorizer | undefined;
};

/** A machine to deploy. A definition is an object in the States Language with the ARNs of its functions. */
type Deployed = {
  readonly arn: string;
  readonly roleArn?: string | undefined;
  readonly definition: unknown;
};

export type StepFunctions = RunningServer & {
  /** Ends the latest execution of that name. @throws {Error} when there is none, or it has ended */
  endExecution(name: string, status: ForcedStatus): void;
  /**
   * Deploys these machines instead of the present ones. Running executions keep their definition.
   * @throws {Error} when a machine would behave differently on AWS; then nothing changes
   */
  update(machines: readonly Deployed[]): void;
};

/**
 * The local stack's Step Functions: the SDK's own client works with it.
 * @throws {Error} when a machine would behave differently on AWS
 */
export async function startStepFunctions({
  machines,
  invoke,
  speed = 1,
  port = 0,
  now = Date.now,
  onEvent = () => undefined,
  onStatusChange = () => undefined,
  intercept,
  maxEnded = 1000,
  authorize = allowAll,
}: Options): Promise<StepFunctions> {
  const tokens = taskTokens(10 * maxEnded);
  const createdAt = new Map<string, number>();
  const deploy = (all: readonly Deployed[]) => {
    const read = all.map((machine) => readMachine(machine, createdAt.get(machine.arn) ?? now()));
    for (const machine of read) createdAt.set(machine.arn, machine.createdAt);
    return read;
  };
  const context = {
    invoke,
    tokens,
    timeScale: timeScale(speed),
    now,
    onEvent,
    onStatusChange: (execution: ExecutionStatus) => onStatusChange(statusChangeEvent(execution)),
  };
  const running = executions(deploy(machines), context, maxEnded);
  const server = await serve(operations(running, tokens), {
    port,
    intercept,
    requiredActions,
    authorize,
  });
  return {
    url: server.url,
    endExecution: running.end,
    update: (next) => running.update(deploy(next)),
    async close() {
      await server.close();
      await running.close();
    },
  };
}

function readMachine({ arn, definition, ...given }: Deployed, createdAt: number): Machine {
  const [, partition, , , account, , name = ''] = arn.split(':');
  const roleArn = given.roleArn ?? `arn:${partition}:iam::${account}:role/${name}`;
  return {
    arn,
    name,
    roleArn,
    source: definition,
    definition: readDefinition(definition),
    createdAt,
  };
}

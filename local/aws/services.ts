import { type Latency, latencyPause } from './dynamodb/pause.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import type { EventBus } from './event-bridge/event-bus.ts';
import type { Hooks } from './hooks.ts';
import type { Permissions } from './iam/permissions.ts';
import type { InterceptEvent } from './lambda/intercept-event.ts';
import { startInvokeApi } from './lambda/invoke-api.ts';
import type { Invoke } from './lambda/invoke-result.ts';
import type { LambdaRunner } from './lambda/lambda.ts';
import type { RunningServer } from './listen.ts';
import { startOtherServices } from './other-services.ts';
import type { S3Event } from './s3/notification.ts';
import { startS3 } from './s3/server.ts';
import { startSecrets } from './secrets/secrets.ts';
import type { InvokeFor } from './step-functions/machine.ts';
import { startStepFunctions } from './step-functions/step-functions.ts';
import { TaskFailure } from './step-functions/task-failure.ts';
import type { StackDefinition } from './template/read-stack.ts';

type Deps = Pick<Hooks, 'interceptRequest' | 'onTransition'> & {
  readonly lambda: LambdaRunner;
  readonly bus: EventBus;
  readonly permissions: Permissions;
  readonly interceptEvent: InterceptEvent;
  /** The directory in which a service stores its data. */
  readonly dataOf: (service: string) => string;
  readonly environment: Readonly<Record<string, string>>;
  readonly speed: number;
  readonly dynamoDbLatency?: Latency | undefined;
};

/** Starts the services that functions call, with what the template deploys to them. */
export async function startServices(stack: StackDefinition, deps: Deps) {
  const { lambda, bus, permissions, dataOf, environment, speed } = deps;
  const { authorize } = permissions;
  // S3 checks signatures. It gets the credentials of functions that an update adds by this list.
  const credentials = [rootCredentials(environment), ...permissions.credentials()];
  await using started = new AsyncDisposableStack();
  const closing = <T extends RunningServer>(server: T): T => {
    started.defer(server.close);
    return server;
  };
  const dynamodb = closing(
    await startDynamoDb({
      tables: stack.tables,
      dataDir: dataOf('dynamodb'),
      pause: deps.dynamoDbLatency && latencyPause(deps.dynamoDbLatency),
      authorize,
    }),
  );
  const s3 = closing(
    await startS3({
      dataDir: dataOf('s3'),
      buckets: notifyingBuckets(stack, lambda, deps.interceptEvent),
      credentials,
      authorize,
    }),
  );
  const secrets = closing(
    await startSecrets({ secrets: stack.secrets, directory: dataOf('secrets'), authorize }),
  );
  const others = closing(await startOtherServices());
  const invokeApi = closing(await startInvokeApi({ lambda, authorize }));
  // The last one is closed first: the functions that a machine still runs need the other services.
  const stepFunctions = closing(
    await startStepFunctions({
      machines: stack.machines,
      invoke: invokeAsMachine(permissions, lambda.invoke),
      speed,
      onEvent: deps.onTransition,
      intercept: deps.interceptRequest,
      authorize,
      onStatusChange: bus.publish,
    }),
  );
  const running = started.move();
  return {
    endpoints: {
      // For every service without a variable of its own.
      AWS_ENDPOINT_URL: others.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SFN: stepFunctions.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_LAMBDA: invokeApi.url,
    },
    endExecution: stepFunctions.endExecution,
    /** Deploys what `readStack` has checked. */
    update(next: StackDefinition): void {
      stepFunctions.update(next.machines);
      permissions.update(next.context);
      credentials.splice(1, credentials.length, ...permissions.credentials());
    },
    close: () => running.disposeAsync(),
  };
}

const invokeAsMachine =
  (permissions: Permissions, invoke: Invoke): InvokeFor =>
  async (functionArn, payload, machineArn) => {
    const denial = permissions.invokeDenial(machineArn, functionArn);
    // Step Functions has this name for every error of Lambda itself.
    if (denial) throw new TaskFailure('Lambda.AWSLambdaException', denial);
    return invoke(functionArn, payload);
  };

// The local stack's own credentials belong to no role, so they may do everything.
const rootCredentials = (environment: Readonly<Record<string, string>>) => ({
  accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
});

const notifyingBuckets = (
  { buckets }: StackDefinition,
  lambda: LambdaRunner,
  intercept: InterceptEvent,
) =>
  buckets.map(({ name, versioned, cors, notifications }) => ({
    name,
    versioned,
    cors,
    notifications: notifications.map(({ events, prefix, suffix, functionArn }) => ({
      prefix,
      suffix,
      notify: (event: S3Event) => {
        if (!event.Records.some(({ eventName }) => isOneOf(events, `s3:${eventName}`))) return;
        void intercept('s3', event, () => lambda.invoke(functionArn, event, { async: true }));
      },
    })),
  }));

const isOneOf = (events: readonly string[], name: string) =>
  events.includes(name) || events.includes(name.replace(/[^:]+$/, '*'));

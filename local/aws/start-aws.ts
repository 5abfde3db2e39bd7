import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Latency } from './dynamodb/pause.ts';
import { eventBus } from './event-bridge/event-bus.ts';
import { type Schedules, startSchedules } from './event-bridge/schedule.ts';
import type { Hooks } from './hooks.ts';
import { requireNoRouteBelow, startHttpApi } from './http-api/http-api.ts';
import { permissionsOf } from './iam/permissions.ts';
import { deliverUnchanged } from './lambda/intercept-event.ts';
import { type LambdaLimits, type LambdaRunner, lambdaRunner } from './lambda/lambda.ts';
import { type LogSink, logFiles } from './lambda/log-sink.ts';
import { type Listener, openListener } from './listener.ts';
import { startServices } from './services.ts';
import type { StepFunctions } from './step-functions/step-functions.ts';
import { checkUpdate } from './template/check-update.ts';
import type { Context } from './template/intrinsics.ts';
import { region } from './template/physical-names.ts';
import { readStack, type StackDefinition } from './template/read-stack.ts';
import { readTemplate, type Template } from './template/template.ts';

export type AwsOptions = {
  /** The directory that `cdk synth` wrote: `cdk.out`. */
  readonly outdir: string;
  /** The stack to run; only needed if there are several in the directory. */
  readonly stackName?: string | undefined;
  /** Everything that survives a restart is stored here, and the functions' logs. */
  readonly dataDir: string;
  /** The port of the HTTP API; without it a free one is taken. Whoever opened it closes it. */
  readonly listener?: Listener | undefined;
  /** Divides every wait: those of the state machines, of retries and of the schedules. */
  readonly speed?: number | undefined;
  /** Values for the template's parameters; one with a default may be left out. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Variables that every function gets, besides its own. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly limits?: LambdaLimits | undefined;
  /** How long calls to DynamoDB take, whatever the speed; without it they take no time and never conflict. */
  readonly dynamoDbLatency?: Latency | undefined;
  readonly hooks?: Hooks | undefined;
  /** Ends the start: what has been started is closed again, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
};

export type Aws = {
  /** The address of the HTTP API. Without one in the template, everything there is 404. */
  readonly url: string;
  /** The environment by which an SDK client finds the services, with credentials that may do everything. */
  readonly environment: Readonly<Record<string, string>>;
  /** The values of the template's outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly context: Context;
  readonly lambda: LambdaRunner;
  readonly schedules: Schedules;
  readonly endExecution: StepFunctions['endExecution'];
  /**
   * Runs a newly synthesised template of the same stack. New invocations run the new code and the new
   * environment, new executions the new machines; what already runs is not changed.
   * @throws {Error} that names what is not known or cannot change while the stack runs; then nothing changes
   */
  update(outdir: string): Pick<Aws, 'context' | 'outputs'>;
  close(): Promise<void>;
};

/**
 * Runs a synthesised stack on this machine: its functions, tables, buckets, secrets, state machines,
 * schedules and routes, with the permissions that it gives to them.
 * @throws {Error} that names what is not as on AWS; nothing is left running then
 */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { outdir, stackName, dataDir, speed = 1, parameters = {}, signal } = options;
  const { interceptEvent = deliverUnchanged, ...hooks } = options.hooks ?? {};
  // Closed in the reverse order, also when something below does not start.
  await using started = new AsyncDisposableStack();
  const listener = options.listener ?? (await openListener(0));
  if (!options.listener) started.defer(listener.close);
  const read = (directory: string) =>
    readStack(contextOf(readTemplate(directory, stackName), parameters, listener.url));
  const stack = read(outdir);
  const { context } = stack;
  const dataOf = (service: string) => join(dataDir, service);
  const logs = withHook(logFiles(dataOf('logs')), hooks.onLog);
  started.defer(logs.close);
  const permissions = permissionsOf(context, logDenialTo(logs));
  const environment: Record<string, string> = { ...rootCredentials(), AWS_REGION: region };
  const lambda = lambdaRunner({
    ...options.limits,
    functions: stack.functions,
    logs,
    speed,
    prelude: hooks.prelude,
    environment: ({ arn }) => ({
      ...options.variables,
      ...environment,
      ...permissions.environmentOf(arn),
    }),
  });
  started.defer(lambda.close);
  const bus = eventBus({
    rules: stack.eventRules,
    deliver: (arn, event) =>
      void interceptEvent('execution', event, () => lambda.invoke(arn, event, { async: true })),
  });
  signal?.throwIfAborted();
  const services = await startServices(stack, {
    ...hooks,
    interceptEvent,
    lambda,
    bus,
    permissions,
    dataOf,
    environment,
    speed,
    dynamoDbLatency: options.dynamoDbLatency,
  });
  started.defer(services.close);
  signal?.throwIfAborted();
  // The functions read this object when they start, which is after the services have started.
  Object.assign(environment, services.endpoints);
  const api = await startHttpApi({
    ...stack.api,
    invoke: lambda.invoke,
    listener,
    speed,
    onRequest: hooks.onRequest,
  });
  started.defer(api.close);
  // Executions that end from here on end because the stack stops: no rule may see that.
  started.defer(bus.close);
  const scheduled = (definitions: StackDefinition['schedules']) =>
    startSchedules({
      schedules: definitions,
      invoke: (arn, event) => interceptEvent('schedule', event, () => lambda.invoke(arn, event)),
      speed,
    });
  let schedules = scheduled(stack.schedules);
  started.defer(() => schedules.close());
  const running = started.move();
  return {
    url: api.url,
    environment,
    outputs: stack.outputs,
    context,
    lambda,
    schedules: { fire: (id) => schedules.fire(id), close: () => schedules.close() },
    endExecution: services.endExecution,
    update(directory) {
      const next = read(directory);
      checkUpdate(stack, next);
      requireNoRouteBelow(listener.prefixes(), next.api.routes);
      services.update(next);
      lambda.update(next.functions);
      bus.update(next.eventRules);
      api.update(next.api);
      schedules.close();
      schedules = scheduled(next.schedules);
      return { context: next.context, outputs: next.outputs };
    },
    close: () => running.disposeAsync(),
  };
}

// What CloudFormation would know after the deployment: the parameters, and the addresses of the APIs.
function contextOf(
  template: Template,
  parameters: Readonly<Record<string, string>>,
  url: string,
): Context {
  const apis = Object.entries(template.resources).flatMap(([id, { Type }]) =>
    Type === 'AWS::ApiGatewayV2::Api' ? [[id, { ApiEndpoint: url }]] : [],
  );
  return { template, parameters, attributes: Object.fromEntries(apis) };
}

const withHook = (logs: LogSink, onLog: Hooks['onLog']): LogSink => ({
  ...logs,
  write(source, line) {
    logs.write(source, line);
    onLog?.(source, line);
  },
});

// A function logs only the name of an error. This line says which permission it lacks.
const logDenialTo = (logs: LogSink) => (name: string, reason: string) =>
  logs.write(name, JSON.stringify({ level: 'ERROR', message: 'Access denied', reason }));

const rootCredentials = () => ({
  AWS_ACCESS_KEY_ID: 'AKIALOCALSTACK000000',
  AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64url'),
});

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type LaptopClock, liveBy } from './clock.ts';
import { eventBus } from './event-bus.ts';
import { type Faults, faultInlets } from './faults/faults.ts';
import { startHttpApi } from './http-api/http-api.ts';
import { type LambdaRunner, lambdaRunner } from './lambda/lambda.ts';
import { type LogSink, logFiles } from './lambda/log-sink.ts';
import { listen } from './listen.ts';
import type { Paint } from './painter/jobs.ts';
import { type Painter, startPainter } from './painter/server.ts';
import { rightsOf } from './rights/rights.ts';
import { type Schedules, startSchedules } from './schedule.ts';
import { startServices } from './services.ts';
import type { Observed } from './step-functions/history.ts';
import type { Context } from './template/intrinsics.ts';
import { eventRulesOf } from './template/read-event-rules.ts';
import { functionsOf } from './template/read-functions.ts';
import { httpApiOf } from './template/read-http-api.ts';
import { schedulesOf } from './template/read-schedules.ts';
import { readTemplate } from './template/template.ts';

export type LaptopOptions = {
  /** What `cdk synth` wrote for the stage `local`. */
  readonly outdir: string;
  /** Where everything is kept between two starts. */
  readonly dataDir: string;
  readonly port?: number;
  /** Divides every wait: of the workflow, of the painter, of the schedules. */
  readonly speed?: number;
  /** Puts everything in this process, and every function, under a clock that can be put forward. */
  readonly clock?: LaptopClock;
  /** Paints instead of the painter. */
  readonly paint?: Paint | undefined;
  readonly onTransition?: (event: Observed) => void;
  /** What is deployed otherwise than the stage says, by the template's parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
};

export type Laptop = {
  /** The address of the API. */
  readonly url: string;
  readonly painter: Painter;
  readonly lambda: LambdaRunner;
  readonly schedules: Schedules;
  readonly faults: Faults;
  readonly context: Context;
  /** What a client of the SDK, or a function, needs to find the services here. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

/** Runs a synthesised stack: its functions, tables, buckets, workflow and routes, and a provider that paints. */
export async function startLaptop(options: LaptopOptions): Promise<Laptop> {
  const { outdir, dataDir, speed = 1, clock } = options;
  if (clock) liveBy(clock.ahead);
  const data = (part: string) => join(dataDir, part);
  const painter = await startPainter({ speed, ...(options.paint && { paint: options.paint }) });
  const port = options.port || (await freePort());
  const context = contextOf(outdir, { ...providersAt(painter.url), ...options.parameters }, port);
  const functions = functionsOf(context);
  const logs = logFiles(data('logs'));
  const rights = rightsOf(context, deniedIn(logs));
  const environment: Record<string, string> = { ...credentials(), AWS_REGION: 'us-east-1' };
  const faults = faultInlets(functions, speed);
  const { pass, watch } = faults;
  const lambda = lambdaRunner({
    ...{ functions, logs, speed, watch, ahead: clock?.ahead },
    environment: ({ arn }) => ({ ...environment, ...rights.environmentOf(arn) }),
  });

  const told = (arn: string, event: unknown) => () => lambda.invoke(arn, event, { async: true });
  const bus = eventBus({
    rules: eventRulesOf(context),
    deliver: (arn, event) => void pass('execution', event, told(arn, event)),
  });
  const services = await startServices(context, {
    ...options,
    ...{ lambda, bus, rights, faults, data, environment },
  });
  Object.assign(environment, services.endpoints);
  const api = await startHttpApi({ ...httpApiOf(context), invoke: lambda.invoke, port });
  const schedules = startSchedules({
    schedules: schedulesOf(context),
    invoke: (arn, event) => pass('schedule', event, () => lambda.invoke(arn, event)),
    speed,
  });

  return {
    ...{ url: api.url, painter, lambda, schedules, context, environment },
    faults: faults.orders({ lambda, endExecution: services.endExecution }),
    close: async () => {
      schedules.close();
      // What ends from here on ends with the laptop, and is nobody's news.
      bus.close();
      faults.close();
      await api.close();
      await services.close();
      await lambda.close();
      await painter.close();
      await logs.close();
    },
  };
}

const providersAt = (painterUrl: string) => ({
  ...{ DashScopeUrl: painterUrl, EvoLinkUrl: painterUrl, FalUrl: painterUrl },
  FalKeysUrl: `${painterUrl}/.well-known/jwks.json`,
});

// What a deployment would say and CloudFormation would know: where the providers are, and our address.
function contextOf(outdir: string, parameters: Context['parameters'] = {}, port: number): Context {
  const template = readTemplate(outdir);
  const apis = Object.entries(template.resources).flatMap(([id, { Type }]) =>
    Type === 'AWS::ApiGatewayV2::Api' ? [[id, { ApiEndpoint: `http://127.0.0.1:${port}` }]] : [],
  );
  return {
    template,
    parameters,
    attributes: Object.fromEntries(apis),
  };
}

// A function tells no more of an error than its name; what it lacks stands beside that.
const deniedIn = (logs: LogSink) => (name: string, reason: string) =>
  logs.write(name, JSON.stringify({ level: 'ERROR', message: 'Access denied', reason }));

const credentials = () => ({
  AWS_ACCESS_KEY_ID: 'AKIALAPTOP0000000000',
  AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64url'),
});

// The functions are told the API's address before the API can listen.
async function freePort(): Promise<number> {
  const probe = await listen(createServer(), 0);
  await probe.close();
  return Number(new URL(probe.url).port);
}

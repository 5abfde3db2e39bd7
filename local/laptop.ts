import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import { startHttpApi } from './http-api/http-api.ts';
import { startInvokeApi } from './lambda/invoke-api.ts';
import { type LambdaRunner, lambdaRunner } from './lambda/lambda.ts';
import { logFiles } from './lambda/log-sink.ts';
import { listen } from './listen.ts';
import { type Painter, startPainter } from './painter/server.ts';
import { startS3 } from './s3/server.ts';
import { type Schedules, startSchedules } from './schedule.ts';
import { startSecrets } from './secrets/secrets.ts';
import type { Observed } from './step-functions/history.ts';
import { startStepFunctions } from './step-functions/step-functions.ts';
import type { Context } from './template/intrinsics.ts';
import { bucketsOf } from './template/read-buckets.ts';
import { functionsOf } from './template/read-functions.ts';
import { httpApiOf } from './template/read-http-api.ts';
import { machinesOf } from './template/read-machines.ts';
import { schedulesOf } from './template/read-schedules.ts';
import { secretsOf } from './template/read-secrets.ts';
import { tablesOf } from './template/read-tables.ts';
import { readTemplate } from './template/template.ts';

export type LaptopOptions = {
  /** What `cdk synth` wrote for the stage `local`. */
  readonly outdir: string;
  /** Where everything is kept between two starts. */
  readonly dataDir: string;
  readonly port?: number;
  /** Divides every wait: of the workflow, of the painter, of the schedules. */
  readonly speed?: number;
  readonly onTransition?: (event: Observed) => void;
};

export type Laptop = {
  /** The address of the API. */
  readonly url: string;
  readonly painter: Painter;
  readonly lambda: LambdaRunner;
  readonly schedules: Schedules;
  readonly context: Context;
  /** What a client of the SDK, or a function, needs to find the services here. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

/** Runs a synthesised stack: its functions, tables, buckets, workflow and routes, and a provider that paints. */
export async function startLaptop(options: LaptopOptions): Promise<Laptop> {
  const { outdir, dataDir, speed = 1 } = options;
  const data = (part: string) => join(dataDir, part);
  mkdirSync(dataDir, { recursive: true });
  const painter = await startPainter({ speed });
  const port = options.port || (await freePort());
  const context = contextOf(outdir, painter.url, port);
  const functions = functionsOf(context);
  const logs = logFiles(data('logs'));
  const environment: Record<string, string> = { ...credentials(), AWS_REGION: 'us-east-1' };
  const lambda = lambdaRunner({ functions, environment: () => environment, logs, speed });

  const invoke = (arn: string, payload: unknown) => lambda.invoke(arn, payload);
  const services = await startServices(context, { ...options, lambda, data, environment });
  Object.assign(environment, services.endpoints);
  const { routes, cors, stageName } = httpApiOf(context);
  const api = await startHttpApi({ routes, cors, stageName, invoke, port });
  const schedules = startSchedules({ schedules: schedulesOf(context), invoke, speed });

  return {
    ...{ url: api.url, painter, lambda, schedules, context, environment },
    close: async () => {
      schedules.close();
      await api.close();
      await services.close();
      await lambda.close();
      await painter.close();
      await logs.close();
    },
  };
}

type Parts = Pick<LaptopOptions, 'speed' | 'onTransition'> & {
  readonly lambda: LambdaRunner;
  readonly data: (part: string) => string;
  readonly environment: Readonly<Record<string, string>>;
};

async function startServices(context: Context, { lambda, data, environment, ...how }: Parts) {
  const invoke = (arn: string, payload: unknown) => lambda.invoke(arn, payload);
  const [dynamodb, s3, secrets, sfn, invokeApi] = await Promise.all([
    startDynamoDb({ tables: tablesOf(context), dataDir: data('dynamodb') }),
    startS3({
      dataDir: data('s3'),
      buckets: notifying(context, lambda),
      credentials: {
        accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    }),
    startSecrets({ secrets: secretsOf(context), directory: data('secrets') }),
    startStepFunctions({
      machines: machinesOf(context),
      invoke,
      ...(how.speed !== undefined && { speed: how.speed }),
      ...(how.onTransition && { onEvent: how.onTransition }),
    }),
    startInvokeApi({ lambda }),
  ]);
  return {
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SFN: sfn.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_LAMBDA: invokeApi.url,
    },
    // The workflow first: what it still runs needs the others.
    close: async () => {
      await sfn.close();
      await Promise.all([invokeApi, s3, secrets, dynamodb].map((service) => service.close()));
    },
  };
}

const notifying = (context: Context, lambda: LambdaRunner) =>
  bucketsOf(context).map(({ name, cors, notifications }) => ({
    name,
    cors,
    notifications: notifications.map(({ prefix, suffix, functionArn }) => ({
      prefix,
      suffix,
      notify: (event: unknown) => void lambda.invoke(functionArn, event, { async: true }),
    })),
  }));

// What a deployment would say and CloudFormation would know: where the provider is, and our address.
function contextOf(outdir: string, painterUrl: string, port: number): Context {
  const template = readTemplate(outdir);
  const apis = Object.entries(template.resources).flatMap(([id, { Type }]) =>
    Type === 'AWS::ApiGatewayV2::Api' ? [[id, { ApiEndpoint: `http://127.0.0.1:${port}` }]] : [],
  );
  return {
    template,
    parameters: { DashScopeUrl: painterUrl },
    attributes: Object.fromEntries(apis),
  };
}

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

import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import type { EventBus } from './event-bus.ts';
import type { Pass } from './faults/events.ts';
import type { Invoke } from './lambda/invoke-answer.ts';
import { startInvokeApi } from './lambda/invoke-api.ts';
import type { LambdaRunner } from './lambda/lambda.ts';
import type { Rights } from './rights/rights.ts';
import { startS3 } from './s3/server.ts';
import { startSecrets } from './secrets/secrets.ts';
import type { Interfere } from './step-functions/aws-json-server.ts';
import { TaskFailure } from './step-functions/failure.ts';
import type { Observed } from './step-functions/history.ts';
import type { InvokeFor } from './step-functions/machine.ts';
import { startStepFunctions } from './step-functions/step-functions.ts';
import type { Context } from './template/intrinsics.ts';
import { bucketsOf } from './template/read-buckets.ts';
import { machinesOf } from './template/read-machines.ts';
import { secretsOf } from './template/read-secrets.ts';
import { tablesOf } from './template/read-tables.ts';

type Needs = {
  readonly lambda: LambdaRunner;
  readonly bus: EventBus;
  readonly rights: Rights;
  readonly faults: { readonly pass: Pass; readonly interfere: Interfere };
  /** Where a part keeps its data. */
  readonly data: (part: string) => string;
  readonly environment: Readonly<Record<string, string>>;
  readonly speed?: number | undefined;
  readonly onTransition?: ((event: Observed) => void) | undefined;
};

/** Starts the services that functions call, with what the template deploys to them. */
export async function startServices(context: Context, needs: Needs) {
  const { lambda, bus, rights, faults, data, environment, speed, onTransition } = needs;
  const { judge } = rights;
  const [dynamodb, s3, secrets, sfn, invokeApi] = await Promise.all([
    startDynamoDb({ tables: tablesOf(context), dataDir: data('dynamodb'), judge }),
    startS3({
      dataDir: data('s3'),
      buckets: notifying(context, lambda, faults.pass),
      credentials: [ourCredentials(environment), ...rights.credentials],
      judge,
    }),
    startSecrets({ secrets: secretsOf(context), directory: data('secrets'), judge }),
    startStepFunctions({
      machines: machinesOf(context),
      invoke: invokeFor(rights, lambda.invoke),
      ...{ speed, onEvent: onTransition, interfere: faults.interfere, judge },
      onStatusChange: bus.publish,
    }),
    startInvokeApi({ lambda, judge }),
  ]);
  return {
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SFN: sfn.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_ENDPOINT_URL_LAMBDA: invokeApi.url,
    },
    endExecution: sfn.endExecution,
    // The workflow first: what it still runs needs the others.
    close: async () => {
      await sfn.close();
      await Promise.all([invokeApi, s3, secrets, dynamodb].map((service) => service.close()));
    },
  };
}

const invokeFor =
  (rights: Rights, invoke: Invoke): InvokeFor =>
  async (functionArn, payload, machineArn) => {
    const objection = rights.againstInvoking(machineArn, functionArn);
    // The name that Step Functions has for whatever Lambda itself refuses.
    if (objection) throw new TaskFailure('Lambda.AWSLambdaException', objection);
    return invoke(functionArn, payload);
  };

const ourCredentials = (environment: Readonly<Record<string, string>>) => ({
  accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
});

const notifying = (context: Context, lambda: LambdaRunner, pass: Pass) =>
  bucketsOf(context).map(({ name, cors, notifications }) => ({
    name,
    cors,
    notifications: notifications.map(({ prefix, suffix, functionArn }) => ({
      prefix,
      suffix,
      notify: (event: unknown) =>
        void pass('s3', event, () => lambda.invoke(functionArn, event, { async: true })),
    })),
  }));

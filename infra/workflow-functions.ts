import { Aws, Tokenization } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { bucketPrefixes } from '../functions/domain/model/storage-names.ts';
import type { Entry } from '../functions/runtime/env.ts';
import type { Buckets } from './buckets.ts';
import { type CodeOf, createFunctions, type Functions, type FunctionTable } from './lambda.ts';
import type { Providers } from './providers.ts';
import type { Secrets } from './secrets.ts';
import { loopbackOf, type Stage } from './stage.ts';
import type { Tables } from './tables.ts';
import { endWait, keepWaiting } from './task-tokens.ts';
import { timeouts } from './timeouts.ts';

export type WorkflowFunctionProps = {
  readonly codeOf: CodeOf;
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  readonly providers: Providers;
};

type WorkflowEntry = Extract<Entry, `workflow/${string}`>;
export type WorkflowFunctions = Functions<WorkflowEntry>;

/**
 * The timeouts of the states that wait for their function to return. A state waits longer than its function may run: a
 * function that runs into its own timeout is reported by Lambda, with its name, before the state gives up.
 */
export const stateSeconds = {
  prepareInputs: timeouts['workflow/prepare-inputs'] + 10,
  submitTask: timeouts['workflow/submit-task'] + 10,
  settleTask: timeouts['workflow/settle-task'] + 10,
  notifyCaller: timeouts['workflow/notify-caller'] + 5,
};

/** The functions of the workflow, one for each state. */
export function workflowFunctions(scope: Construct, props: WorkflowFunctionProps) {
  const functions = createFunctions(scope, rowsOf(props), {
    codeOf: props.codeOf,
    logDays: props.stage.logDays,
  });
  // The reconciler decides when a callback is retried. Lambda would retry twice in between.
  functions['workflow/notify-caller'].configureAsyncInvoke({ retryAttempts: 0 });
  return functions;
}

/** What a function needs to tell where a task stands in the queue. It only reads. */
export const queueReadsOf = (tables: Tables, { capacities }: Providers) => ({
  QUEUE_TABLE: tables.queue.allow('dynamodb:GetItem', 'dynamodb:Query'),
  ...capacities,
});

/** What a function needs to take, free and hand out the slots of the providers. */
export const slotsOf = (tables: Tables, { capacities }: Providers) => ({
  QUEUE_TABLE: tables.queue.allow(
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
  ),
  ...capacities,
});

function rowsOf({
  stage,
  tables,
  buckets,
  secrets,
  publicUrl,
  providers,
}: WorkflowFunctionProps): FunctionTable<WorkflowEntry> {
  const outbound = {
    PUBLIC_URL: publicUrl,
    ALLOW_LOOPBACK: loopbackOf(stage),
    POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
  };
  /** What settling needs beside the tables of tasks and accounts. */
  const settlement = {
    ...outbound,
    KEY_TABLE: tables.keys.allow('dynamodb:UpdateItem'),
    ACTIVITY_TABLE: tables.activity.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
    // The result of a test task is a copy of its input.
    INPUT_BUCKET: buckets.inputs.allow({
      prefix: bucketPrefixes.prepared,
      actions: ['s3:GetObject'],
    }),
    RESULT_BUCKET: buckets.results.allow(
      { prefix: bucketPrefixes.results, actions: ['s3:PutObject'] },
      's3:ListBucket',
    ),
    RETENTION_DAYS: Tokenization.stringifyNumber(stage.retentionDays),
    MODEL_PRICES: JSON.stringify(stage.modelPrices),
  };
  /** What notifying needs beside the tables of tasks and accounts. */
  const callbacks = {
    ...outbound,
    SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
    CALLBACK_RETRY_DELAYS: stage.callbackRetryDelays.join(','),
  };
  const slots = slotsOf(tables, providers);
  return {
    'workflow/prepare-inputs': {
      id: 'PrepareInputs',
      timeoutSeconds: timeouts['workflow/prepare-inputs'],
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
        INPUT_BUCKET: buckets.inputs.allow(
          { prefix: bucketPrefixes.uploads, actions: ['s3:GetObject'] },
          { prefix: bucketPrefixes.files, actions: ['s3:GetObject'] },
          { prefix: bucketPrefixes.prepared, actions: ['s3:PutObject'] },
          's3:ListBucket',
        ),
        PUBLIC_URL: publicUrl,
        ALLOW_LOOPBACK: loopbackOf(stage),
      },
    },
    'workflow/submit-task': {
      id: 'SubmitTask',
      timeoutSeconds: timeouts['workflow/submit-task'],
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'),
        ACTIVITY_TABLE: tables.activity.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
        // The provider reads the inputs by links that this function signs: a link can do what its signer can.
        INPUT_BUCKET: buckets.inputs.allow({
          prefix: bucketPrefixes.prepared,
          actions: ['s3:GetObject'],
        }),
        PROVIDER_SECRET: secrets.providerKeys.allow('secretsmanager:GetSecretValue'),
        SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
        PUBLIC_URL: publicUrl,
        ...providers.urls,
        ...providers.order,
        ...slots,
        TYPICAL_SECONDS: stage.typicalSeconds,
        POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
      },
      // It wakes the tasks that it hands a slot to.
      permissions: [endWait('states:SendTaskSuccess')],
    },
    'workflow/await-slot': {
      id: 'AwaitSlot',
      timeoutSeconds: timeouts['workflow/await-slot'],
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
        ...slots,
        POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
      },
      permissions: [endWait('states:SendTaskSuccess')],
    },
    'workflow/await-provider': {
      id: 'AwaitProvider',
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:UpdateItem'),
      },
      // It wakes itself when the task already has a fact. "Woken" is reported as a failure, and the state catches it.
      permissions: [endWait('states:SendTaskFailure')],
    },
    'workflow/poll-task': {
      id: 'PollTask',
      timeoutSeconds: timeouts['workflow/poll-task'],
      environment: {
        PROVIDER_SECRET: secrets.providerKeys.allow('secretsmanager:GetSecretValue'),
        ...providers.urls,
        // What the two functions below need, to settle and notify; and the permission to write the result of the poll.
        ...settlement,
        ...callbacks,
        ...slots,
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:Query',
          'dynamodb:UpdateItem',
        ),
        ACCOUNT_TABLE: tables.accounts.allow(
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
        ),
      },
      // It fails the wait when the provider did not answer: the next poll comes later.
      permissions: [
        endWait('states:SendTaskFailure'),
        endWait('states:SendTaskSuccess'),
        keepWaiting,
      ],
    },
    'workflow/settle-task': {
      id: 'SettleTask',
      timeoutSeconds: timeouts['workflow/settle-task'],
      environment: {
        ...settlement,
        ...slots,
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
        ),
        ACCOUNT_TABLE: tables.accounts.allow('dynamodb:PutItem', 'dynamodb:UpdateItem'),
      },
      permissions: [endWait('states:SendTaskSuccess')],
    },
    'workflow/notify-caller': {
      id: 'NotifyCaller',
      timeoutSeconds: timeouts['workflow/notify-caller'],
      environment: {
        ...callbacks,
        TASK_TABLE: tables.tasks.allow('dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'),
        ACCOUNT_TABLE: tables.accounts.allow('dynamodb:GetItem'),
      },
    },
  };
}

import { Aws, Tokenization } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { bucketPrefixes, indexNames } from '../functions/domain/model/storage-names.ts';
import type { Entry } from '../functions/runtime/env.ts';
import type { Buckets } from './buckets.ts';
import type { Deletion } from './deletion.ts';
import { type CodeOf, createFunctions, type Functions, type FunctionTable } from './lambda.ts';
import type { Providers } from './providers.ts';
import type { Secrets } from './secrets.ts';
import { accountBudgetOf, loopbackOf, type Stage } from './stage.ts';
import type { Tables } from './tables.ts';
import { endWait } from './task-tokens.ts';
import { timeouts } from './timeouts.ts';
import type { Workflow } from './workflow.ts';
import { queueReadsOf } from './workflow-functions.ts';

type Props = {
  readonly codeOf: CodeOf;
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  /** Another address of the API that older links have. */
  readonly formerUrl: string | undefined;
  readonly providers: Providers;
  readonly workflow: Workflow;
  readonly deletion: Deletion;
};

type ApiEntry = Extract<Entry, `api/${string}`>;
export type ApiFunctions = Functions<ApiEntry>;

/** The functions of the routes, each with exactly the permissions it uses. */
export const apiFunctions = (scope: Construct, props: Props): ApiFunctions =>
  createFunctions(scope, rowsOf(props), {
    codeOf: props.codeOf,
    logDays: props.stage.logDays,
    memoryMb: 1024, // memory buys a share of a processor, and the first call of a new instance needs it
  });

/** For functions whose transactions may conflict with those of callers: such a transaction is retried for ten seconds. */
const patientSeconds = 20;
/** Enough for a function that loads almost nothing. */
const smallMemoryMb = 512;
/** Enough for a function that reads a task now and then. */
const waitingMemoryMb = 256;

function rowsOf(props: Props): FunctionTable<ApiEntry> {
  const { stage, tables, buckets, secrets, publicUrl, formerUrl, providers, workflow, deletion } =
    props;
  // What a function needs to authenticate a caller and count the request. A function that needs more
  // actions on one of these tables has its own entry for the table, with these actions among them.
  const callerEnvironment = {
    KEY_TABLE: tables.keys.allow('dynamodb:GetItem'),
    ACCOUNT_TABLE: tables.accounts.allow('dynamodb:GetItem'),
    ACTIVITY_TABLE: tables.activity.allow('dynamodb:UpdateItem'),
  };
  // The credits of an account, and the limits of a key, lie in several rows, which are read together.
  const readAccounts = tables.accounts.allow('dynamodb:GetItem', 'dynamodb:BatchGetItem');
  const changeAccounts = tables.accounts.allow(
    'dynamodb:GetItem',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  );
  // A function that shows API keys also reads when each was last used.
  const lastUse = tables.activity.allow('dynamodb:UpdateItem', 'dynamodb:BatchGetItem');
  // A response about a waiting task estimates the rest of the wait from the durations of earlier tasks.
  const readDurations = tables.activity.allow('dynamodb:GetItem', 'dynamodb:UpdateItem');
  const queueReads = queueReadsOf(tables, providers);
  // Every act of the operator gets an audit entry. Functions only put whole entries.
  const writesAudit = { AUDIT_TABLE: tables.audit.allow('dynamodb:PutItem') };
  // A response about a task has signed links to its results.
  const taskLinks = {
    SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
    PUBLIC_URL: publicUrl,
  };
  const waiters = Tokenization.stringifyNumber(stage.waiters);
  const modelPrices = JSON.stringify(stage.modelPrices);
  // Callers upload with forms that a function signs. A form may do what its signer may do, so the signer has the
  // permission.
  const signsUploads = buckets.inputs.allow({
    prefix: bucketPrefixes.uploads,
    actions: ['s3:PutObject'],
  });
  // The function signs links to thumbnails. A link may do what its signer may do.
  const readsThumbnails = {
    prefix: bucketPrefixes.thumbnails,
    actions: ['s3:GetObject'],
  } as const;
  return {
    'api/create-task': {
      id: 'CreateTask',
      environment: {
        KEY_TABLE: tables.keys.allow(
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:ConditionCheckItem',
          'dynamodb:UpdateItem',
        ),
        ACCOUNT_TABLE: changeAccounts,
        ACTIVITY_TABLE: readDurations,
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'),
        IDEMPOTENCY_TABLE: tables.idempotency.allow('dynamodb:GetItem', 'dynamodb:PutItem'),
        INPUT_BUCKET: signsUploads,
        WORKFLOW_ARN: workflow.allow('states:StartExecution'),
        PUBLIC_URL: publicUrl,
        FORMER_URL: formerUrl,
        ...providers.order,
        ...queueReads,
        MODEL_ALIASES: stage.modelAliases,
        MODEL_PRICES: modelPrices,
        ALLOW_LOOPBACK: loopbackOf(stage),
        TYPICAL_SECONDS: stage.typicalSeconds,
        WAITERS: waiters,
        POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
      },
    },
    'api/get-task': {
      id: 'GetTask',
      environment: {
        ...callerEnvironment,
        ...taskLinks,
        ...queueReads,
        ACTIVITY_TABLE: readDurations,
        TASK_TABLE: tables.tasks.allow('dynamodb:Query'),
        // A task also has links to the copies of its inputs, which it signs as well.
        INPUT_BUCKET: buckets.inputs.allow(
          { prefix: bucketPrefixes.uploads, actions: ['s3:PutObject'] },
          { prefix: bucketPrefixes.prepared, actions: ['s3:GetObject'] },
        ),
        TYPICAL_SECONDS: stage.typicalSeconds,
        WAITERS: waiters,
      },
    },
    // It waits most of the time, and pays for its memory meanwhile.
    'api/wait-for-task': {
      id: 'WaitForTask',
      memoryMb: waitingMemoryMb,
      timeoutSeconds: timeouts['api/wait-for-task'],
      environment: {
        ...callerEnvironment,
        ...taskLinks,
        TASK_TABLE: tables.tasks.allow('dynamodb:Query'),
        TYPICAL_SECONDS: stage.typicalSeconds,
      },
    },
    'api/list-tasks': {
      id: 'ListTasks',
      environment: {
        ...callerEnvironment,
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:BatchGetItem',
          { index: indexNames.tasksByAccount, actions: ['dynamodb:Query'] },
          { index: indexNames.undeliveredCallbacks, actions: ['dynamodb:Query'] },
        ),
        MODEL_ALIASES: stage.modelAliases,
        TYPICAL_SECONDS: stage.typicalSeconds,
      },
      sharedBecause: 'each lists tasks of its account',
    },
    'api/batch-tasks': {
      id: 'BatchTasks',
      environment: {
        ...callerEnvironment,
        ...taskLinks,
        ...queueReads,
        ACTIVITY_TABLE: readDurations,
        TASK_TABLE: tables.tasks.allow('dynamodb:BatchGetItem'),
        TYPICAL_SECONDS: stage.typicalSeconds,
        ...(stage.thumbnails && {
          INPUT_THUMBNAIL_BUCKET: buckets.inputs.allow(readsThumbnails, 's3:ListBucket'),
          RESULT_THUMBNAIL_BUCKET: buckets.results.allow(readsThumbnails, 's3:ListBucket'),
        }),
      },
    },
    'api/cancel-task': {
      id: 'CancelTask',
      environment: {
        ...callerEnvironment,
        ...writesAudit,
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'),
        WORKFLOW_ARN: workflow.allow(
          'states:StartExecution',
          'states:DescribeExecution',
          'states:SendTaskFailure',
        ),
        TYPICAL_SECONDS: stage.typicalSeconds,
      },
      sharedBecause: 'each writes a fact on one task and wakes its workflow, which reads it',
    },
    'api/delete-task': {
      id: 'DeleteTask',
      timeoutSeconds: timeouts['api/delete-task'],
      environment: {
        ...callerEnvironment,
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:DeleteItem',
          'dynamodb:GetItem',
          'dynamodb:PutItem',
        ),
        DELETE_PICTURES_FUNCTION:
          deletion.functions['events/delete-pictures'].allow('lambda:InvokeFunction'),
      },
    },
    'api/redeliver-callback': {
      id: 'RedeliverCallback',
      environment: {
        ...callerEnvironment,
        ...writesAudit,
        ...taskLinks,
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:GetItem',
          'dynamodb:Query',
          'dynamodb:UpdateItem',
          { index: indexNames.undeliveredCallbacks, actions: ['dynamodb:Query'] },
        ),
        NOTIFY_FUNCTION:
          workflow.functions['workflow/notify-caller'].allow('lambda:InvokeFunction'),
      },
      sharedBecause: 'each sends callbacks of ended tasks once more',
    },
    'api/create-file': {
      id: 'CreateFile',
      environment: {
        ...callerEnvironment,
        INPUT_BUCKET: buckets.inputs.allow({
          prefix: bucketPrefixes.files,
          actions: ['s3:PutObject'],
        }),
        PUBLIC_URL: publicUrl,
      },
    },
    'api/get-file': {
      id: 'GetFile',
      environment: {
        ...callerEnvironment,
        INPUT_BUCKET: buckets.inputs.allow(
          {
            prefix: bucketPrefixes.files,
            actions: ['s3:GetObject'],
          },
          's3:ListBucket',
        ),
      },
    },
    'api/upload-file': {
      id: 'UploadFile',
      timeoutSeconds: timeouts['api/upload-file'],
      environment: {
        ...callerEnvironment,
        ...taskLinks,
        FILE_TABLE: tables.files.allow('dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'),
        INPUT_BUCKET: buckets.inputs.allow({
          prefix: bucketPrefixes.hosted,
          actions: ['s3:PutObject'],
        }),
        ALLOW_LOOPBACK: loopbackOf(stage),
      },
      sharedBecause: 'each stores one file and its record; they differ in how the file arrives',
    },
    'api/list-files': {
      id: 'ListFiles',
      environment: {
        ...callerEnvironment,
        ...taskLinks,
        FILE_TABLE: tables.files.allow('dynamodb:Query', 'dynamodb:BatchGetItem'),
      },
      sharedBecause: 'each reads which files its account has',
    },
    'api/delete-file': {
      id: 'DeleteFile',
      environment: {
        ...callerEnvironment,
        FILE_TABLE: tables.files.allow('dynamodb:GetItem', 'dynamodb:PutItem'),
        INPUT_BUCKET: buckets.inputs.allow(
          { prefix: bucketPrefixes.hosted, actions: ['s3:DeleteObjectVersion'] },
          's3:ListBucketVersions',
        ),
      },
    },
    // Everybody who has a link may call it: the signature of the link is the authorization. It reads only hosted files.
    'api/open-file-link': {
      id: 'OpenFileLink',
      environment: {
        FILE_TABLE: tables.files.allow('dynamodb:GetItem'),
        INPUT_BUCKET: buckets.inputs.allow({
          prefix: bucketPrefixes.hosted,
          actions: ['s3:GetObject'],
        }),
        SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
      },
      sharedBecause: 'each sends the bytes of one file, to be shown or to be saved',
    },
    'api/get-result': {
      id: 'GetResult',
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:GetItem'),
        RESULT_BUCKET: buckets.results.allow({
          prefix: bucketPrefixes.results,
          actions: ['s3:GetObject'],
        }),
        RETENTION_DAYS: Tokenization.stringifyNumber(stage.retentionDays),
        SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
      },
    },
    // Providers call it without an API key: the signed URL is the authorization.
    'api/provider-webhook': {
      id: 'ProviderWebhook',
      timeoutSeconds: timeouts['api/provider-webhook'],
      environment: {
        TASK_TABLE: tables.tasks.allow('dynamodb:UpdateItem'),
        SIGNING_SECRET: secrets.signing.allow('secretsmanager:GetSecretValue'),
        ...providers.signatures,
      },
      permissions: [endWait('states:SendTaskFailure')],
    },
    'api/read-account': {
      id: 'ReadAccount',
      environment: {
        ...callerEnvironment,
        KEY_TABLE: tables.keys.allow('dynamodb:GetItem', 'dynamodb:BatchGetItem'),
        ACCOUNT_TABLE: tables.accounts.allow(
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:Query',
        ),
        MODEL_ALIASES: stage.modelAliases,
        MODEL_PRICES: modelPrices,
      },
      sharedBecause: 'each reads what its caller may see of its own account and key',
    },
    'api/console': {
      id: 'Console',
      memoryMb: smallMemoryMb,
      environment: { PICTURE_ORIGINS: buckets.origins.join(' ') },
      sharedBecause: 'each sends files of the page, which need no permission',
    },
    'api/service': {
      id: 'Service',
      memoryMb: smallMemoryMb,
      environment: {},
      sharedBecause: 'none of them has any permission',
    },

    'api/admin-reads': {
      id: 'AdminReads',
      environment: {
        KEY_TABLE: tables.keys.allow('dynamodb:GetItem', 'dynamodb:BatchGetItem', {
          index: indexNames.keysByAccount,
          actions: ['dynamodb:Query'],
        }),
        ACCOUNT_TABLE: tables.accounts.allow(
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:Query',
          { index: indexNames.accountsByName, actions: ['dynamodb:Query'] },
        ),
        ACTIVITY_TABLE: lastUse,
        AUDIT_TABLE: tables.audit.allow('dynamodb:Query'),
        TASK_TABLE: tables.tasks.allow(
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:Query',
          { index: indexNames.tasksByDay, actions: ['dynamodb:Query'] },
          { index: indexNames.tasksByAccount, actions: ['dynamodb:Query'] },
        ),
      },
      sharedBecause: 'the operator may read all of it, and none of them writes',
    },
    // Not part of `admin-reads`: to say which providers have a key, it has to read the secret with the keys.
    'api/list-providers': {
      id: 'ListProviders',
      timeoutSeconds: timeouts['api/list-providers'],
      environment: {
        ...callerEnvironment,
        ...queueReads,
        ...providers.order,
        ...providers.urls,
        ACTIVITY_TABLE: readDurations,
        PROVIDER_SECRET: secrets.providerKeys.allow('secretsmanager:GetSecretValue'),
        TYPICAL_SECONDS: stage.typicalSeconds,
      },
      sharedBecause: 'each reads the keys of the providers, and shows and changes none',
    },
    'api/manage-accounts': {
      id: 'ManageAccounts',
      timeoutSeconds: patientSeconds,
      environment: {
        ...callerEnvironment,
        ...writesAudit,
        ACCOUNT_TABLE: changeAccounts,
        ACCOUNT_BUDGET: accountBudgetOf(stage),
      },
      sharedBecause: 'each writes one account and its limits, and none of them moves money',
    },
    'api/test-webhook': {
      id: 'TestWebhook',
      timeoutSeconds: timeouts['api/test-webhook'],
      environment: {
        ...callerEnvironment,
        PUBLIC_URL: publicUrl,
        ALLOW_LOOPBACK: loopbackOf(stage),
      },
    },
    'api/credit-account': {
      id: 'CreditAccount',
      timeoutSeconds: patientSeconds,
      environment: {
        ...callerEnvironment,
        ...writesAudit,
        ACCOUNT_TABLE: changeAccounts,
        IDEMPOTENCY_TABLE: tables.idempotency.allow('dynamodb:GetItem', 'dynamodb:PutItem'),
      },
    },
    'api/manage-keys': {
      id: 'ManageKeys',
      timeoutSeconds: patientSeconds,
      environment: {
        ...callerEnvironment,
        ...writesAudit,
        KEY_TABLE: tables.keys.allow(
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
        ),
        ACCOUNT_TABLE: readAccounts,
        ACTIVITY_TABLE: lastUse,
        ALLOW_LOOPBACK: loopbackOf(stage),
      },
      sharedBecause:
        'each writes one API key and its limits; a session of the console is an API key as well',
    },
  };
}

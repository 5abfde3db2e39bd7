import * as z from 'zod';
import {
  ALLOW_LOOPBACK,
  AWS_ENDPOINT_URL_S3,
  days,
  listOfSeconds,
  PROVIDER_KEYS_URLS,
  PROVIDER_URLS,
  PROVIDERS,
  required,
  TYPICAL_SECONDS,
} from './env-values.ts';

/** What a route needs to authenticate its caller and to count the request. */
const callerVariables = { KEY_TABLE: required, ACCOUNT_TABLE: required, ACTIVITY_TABLE: required };
/** What the links in a response about a task need. */
const links = { PUBLIC_URL: required, SIGNING_SECRET: required };
/** The stack's name, the one dimension of the metrics. Powertools reads it by itself. */
const metrics = { POWERTOOLS_SERVICE_NAME: required };
/** Where the providers are, and their API keys. */
const providers = {
  PROVIDER_SECRET: required,
  PROVIDER_URLS,
};

/** Every Lambda of the system and its environment. infra/ cannot deploy one that lacks a variable. */
export const entries = {
  'api/create-task': z.object({
    ...metrics,
    ...callerVariables,
    TASK_TABLE: required,
    IDEMPOTENCY_TABLE: required,
    INPUT_BUCKET: required,
    WORKFLOW_ARN: required,
    PUBLIC_URL: required,
    PROVIDERS,
    ALLOW_LOOPBACK,
    TYPICAL_SECONDS,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/get-task': z.object({ ...callerVariables, ...links, TASK_TABLE: required, TYPICAL_SECONDS }),
  'api/list-tasks': z.object({ ...callerVariables, TASK_TABLE: required, TYPICAL_SECONDS }),
  'api/batch-tasks': z.object({
    ...callerVariables,
    ...links,
    TASK_TABLE: required,
    TYPICAL_SECONDS,
  }),
  'api/cancel-task': z.object({
    ...callerVariables,
    TASK_TABLE: required,
    WORKFLOW_ARN: required,
    TYPICAL_SECONDS,
  }),
  'api/delete-task': z.object({
    ...callerVariables,
    TASK_TABLE: required,
    DELETE_PICTURES_FUNCTION: required,
  }),
  'api/redeliver-callback': z.object({
    ...callerVariables,
    ...links,
    TASK_TABLE: required,
    NOTIFY_FUNCTION: required,
  }),
  'api/create-file': z.object({
    ...callerVariables,
    INPUT_BUCKET: required,
    PUBLIC_URL: required,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/get-result': z.object({
    TASK_TABLE: required,
    RESULT_BUCKET: required,
    RETENTION_DAYS: days,
    SIGNING_SECRET: required,
  }),
  'api/provider-webhook': z.object({
    TASK_TABLE: required,
    SIGNING_SECRET: required,
    PROVIDER_KEYS_URLS,
  }),
  'api/read-account': z.object({ ...callerVariables }),
  'api/admin-reads': z.object({ ...callerVariables }),
  'api/manage-accounts': z.object({ ...callerVariables }),
  'api/credit-account': z.object({ ...callerVariables, IDEMPOTENCY_TABLE: required }),
  'api/manage-keys': z.object({ ...callerVariables }),
  'api/service': z.object({}),
  'workflow/prepare-inputs': z.object({
    TASK_TABLE: required,
    PUBLIC_URL: required,
    INPUT_BUCKET: required,
    ALLOW_LOOPBACK,
  }),
  'workflow/submit-task': z.object({
    ...metrics,
    ...providers,
    ...links,
    PROVIDERS,
    TASK_TABLE: required,
    ACTIVITY_TABLE: required,
    INPUT_BUCKET: required,
    TYPICAL_SECONDS,
  }),
  'workflow/await-provider': z.object({ TASK_TABLE: required }),
  'workflow/poll-task': z.object({ ...metrics, ...providers, TASK_TABLE: required }),
  'workflow/settle-task': z.object({
    ...metrics,
    TASK_TABLE: required,
    ACCOUNT_TABLE: required,
    KEY_TABLE: required,
    ACTIVITY_TABLE: required,
    RESULT_BUCKET: required,
    RETENTION_DAYS: days,
    PUBLIC_URL: required,
    ALLOW_LOOPBACK,
  }),
  'workflow/notify-caller': z.object({
    ...metrics,
    ...links,
    TASK_TABLE: required,
    ACCOUNT_TABLE: required,
    CALLBACK_RETRY_DELAYS: listOfSeconds,
    ALLOW_LOOPBACK,
  }),
  'events/input-uploaded': z.object({ TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/reconcile': z.object({
    ...metrics,
    TASK_TABLE: required,
    INPUT_BUCKET: required,
    WORKFLOW_ARN: required,
    NOTIFY_FUNCTION: required,
    DELETE_PICTURES_FUNCTION: required,
  }),
  'events/delete-pictures': z.object({
    TASK_TABLE: required,
    INPUT_BUCKET: required,
    RESULT_BUCKET: required,
  }),
  'events/execution-ended': z.object({ ...metrics, TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/issue-key': z.object({
    KEY_TABLE: required,
    ACCOUNT_TABLE: required,
    IDEMPOTENCY_TABLE: required,
  }),
} as const;

export type Entry = keyof typeof entries;
/** A function of the API; it serves the routes that name it. */
export type ApiFunction = Entry extends infer E
  ? E extends `api/${infer Name}`
    ? Name
    : never
  : never;
export type EnvOf<E extends Entry> = z.input<(typeof entries)[E]>;

type Env<E extends Entry> = z.output<(typeof entries)[E]>;

/** The part of the environment that all routes with an API key share. @throws {Error} that names what is wrong */
export const readCallerEnv = (env = process.env) => z.object(callerVariables).parse(env);

/**
 * Reads and checks the environment of one Lambda.
 * @throws {Error} that names the variables that are missing or wrong, so that the function does not start
 */
export function readEnv<E extends Entry>(entry: E, env = process.env): Env<E> {
  const parsed = entries[entry].safeParse(env);
  // The schema of this entry parsed it, but the compiler knows only that one of all schemas did.
  if (parsed.success) return parsed.data as Env<E>;
  const missing = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Error(`${entry} lacks ${missing} in its environment`);
}

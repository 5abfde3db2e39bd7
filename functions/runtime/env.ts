import * as z from 'zod';
import { capacityPattern, parseCapacity, sandboxCapacity } from '../domain/model/capacity.ts';
import {
  type ModelAliases,
  modelAliasesPattern,
  providerNames,
  sandbox,
} from '../domain/model/catalogue.ts';

// The values that variables of the environment can have, other than a name or a URL.

const required = z.string().min(1);
/** Callers' URLs may be plain http on 127.0.0.1. Without this variable only https and public addresses are allowed. */
const ALLOW_LOOPBACK = z
  .literal('allowed')
  .optional()
  .transform((value) => value !== undefined);
/** How many seconds a provider typically takes, instead of the measured durations. An empty text is no value. */
const TYPICAL_SECONDS = z
  .string()
  .regex(/^\d*$/)
  .transform((text) => text || undefined)
  .optional();
/** The variables that no deployed stage sets. Without them a function does what is right on the internet. */
export const undeployedVariables: readonly string[] = ['ALLOW_LOOPBACK', 'TYPICAL_SECONDS'];

/** A variable of the AWS SDK: the endpoint of S3, where that is not AWS's own. */
const AWS_ENDPOINT_URL_S3 = required.optional();

/** A whole number of days, at least one. */
const days = z
  .string()
  .regex(/^[1-9]\d{0,3}$/)
  .transform(Number);

/** A whole number, at most four digits. */
const count = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);

/** A list of seconds: `60,600,3600`. An empty text is an empty list. */
const listOfSeconds = z
  .string()
  .regex(/^(\d+(,\d+)*)?$/)
  .transform((text) => (text === '' ? [] : text.split(',').map(Number)));

/** The providers that are offered, in the order in which they are tried: `dashscope,fal`. */
const PROVIDERS = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(providerNames)));

/** The operator's names of models. */
const MODEL_ALIASES = z
  .string()
  .regex(modelAliasesPattern)
  .transform(
    (text): ModelAliases =>
      Object.fromEntries(
        text
          .split(',')
          .filter((pair) => pair !== '')
          .map((pair) => pair.split('=', 2)),
      ),
  );

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

/** Where every provider is, as JSON: `{"dashscope": "https://…", …}`. */
const PROVIDER_URLS = json.pipe(z.record(z.enum(providerNames), z.url()));
/** Where the providers that sign their webhooks publish their keys, as JSON: `{"fal": "https://…"}`. */
const PROVIDER_KEYS_URLS = json.pipe(z.partialRecord(z.enum(providerNames), z.url()));

/**
 * How many jobs every provider takes, as JSON:
 * `{"dashscope": {"capacity": "running=5,submitsPerSecond=5,ahead=1", "countedBy": "model"}, …}`.
 */
const PROVIDER_CAPACITIES = json
  .pipe(
    z.record(
      z.enum(providerNames),
      z.object({
        capacity: z.string().regex(new RegExp(capacityPattern)).transform(parseCapacity),
        countedBy: z.enum(['provider', 'model']),
      }),
    ),
  )
  // The sandbox has no setting: its capacity is fixed.
  .transform((capacities) => ({ ...capacities, [sandbox]: sandboxCapacity }));

/** Prices of the deployment, as JSON: `{"wan2.5-image-to-image": {"milliCreditsPerImage": 1500}}`. */
const MODEL_PRICES = json.pipe(
  z.record(
    z.string(),
    z.strictObject({
      milliCreditsPerImage: z.int().min(1).optional(),
      microUsdPerImage: z.partialRecord(z.enum(providerNames), z.int().min(0)).optional(),
    }),
  ),
);

/** The daily budget of a new account, as JSON: `{"dailyBudget": 50000, "stopAtBudget": true}`. */
const ACCOUNT_BUDGET = json
  .pipe(z.strictObject({ dailyBudget: z.int().min(1), stopAtBudget: z.boolean() }))
  .optional();

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

/** What a function that redirects requests to wait needs: how many may wait at a time. */
const waiting = { WAITERS: count };

/** What a function that settles tasks needs. */
const settlement = {
  ...metrics,
  TASK_TABLE: required,
  ACCOUNT_TABLE: required,
  KEY_TABLE: required,
  ACTIVITY_TABLE: required,
  INPUT_BUCKET: required,
  RESULT_BUCKET: required,
  RETENTION_DAYS: days,
  PUBLIC_URL: required,
  MODEL_PRICES,
  ALLOW_LOOPBACK,
};
/** What a function that notifies callers needs. */
const callbacks = {
  ...metrics,
  ...links,
  TASK_TABLE: required,
  ACCOUNT_TABLE: required,
  CALLBACK_RETRY_DELAYS: listOfSeconds,
  ALLOW_LOOPBACK,
};
/** What a function needs to find the position of a task in the queue. */
const queue = { QUEUE_TABLE: required, PROVIDER_CAPACITIES };
/** Where the thumbnails of inputs and of images are, in a stack that makes thumbnails. */
const thumbnails = {
  INPUT_THUMBNAIL_BUCKET: required.optional(),
  RESULT_THUMBNAIL_BUCKET: required.optional(),
};
/** What a function needs to give out the slots of the providers. */
const slots = { TASK_TABLE: required, ...queue };

/** Every Lambda of the system and its environment. infra/ cannot deploy one that lacks a variable. */
export const entries = {
  'api/create-task': z.object({
    ...metrics,
    ...callerVariables,
    ...queue,
    ...waiting,
    TASK_TABLE: required,
    IDEMPOTENCY_TABLE: required,
    INPUT_BUCKET: required,
    WORKFLOW_ARN: required,
    PUBLIC_URL: required,
    FORMER_URL: required.optional(),
    PROVIDERS,
    MODEL_ALIASES,
    MODEL_PRICES,
    ALLOW_LOOPBACK,
    TYPICAL_SECONDS,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/get-task': z.object({
    ...callerVariables,
    ...links,
    ...queue,
    ...waiting,
    TASK_TABLE: required,
    INPUT_BUCKET: required,
    TYPICAL_SECONDS,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/wait-for-task': z.object({
    ...callerVariables,
    ...links,
    TASK_TABLE: required,
    TYPICAL_SECONDS,
  }),
  'api/list-tasks': z.object({
    ...callerVariables,
    TASK_TABLE: required,
    MODEL_ALIASES,
    TYPICAL_SECONDS,
  }),
  'api/batch-tasks': z.object({
    ...callerVariables,
    ...links,
    ...queue,
    ...thumbnails,
    TASK_TABLE: required,
    TYPICAL_SECONDS,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/cancel-task': z.object({
    ...callerVariables,
    TASK_TABLE: required,
    AUDIT_TABLE: required,
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
    AUDIT_TABLE: required,
    NOTIFY_FUNCTION: required,
  }),
  'api/create-file': z.object({
    ...callerVariables,
    INPUT_BUCKET: required,
    PUBLIC_URL: required,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/get-file': z.object({ ...callerVariables, INPUT_BUCKET: required }),
  'api/upload-file': z.object({
    ...callerVariables,
    ...links,
    FILE_TABLE: required,
    INPUT_BUCKET: required,
    ALLOW_LOOPBACK,
  }),
  'api/list-files': z.object({ ...callerVariables, ...links, FILE_TABLE: required }),
  'api/delete-file': z.object({
    ...callerVariables,
    FILE_TABLE: required,
    INPUT_BUCKET: required,
  }),
  'api/open-file-link': z.object({
    FILE_TABLE: required,
    INPUT_BUCKET: required,
    SIGNING_SECRET: required,
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
  'api/read-account': z.object({ ...callerVariables, MODEL_ALIASES, MODEL_PRICES }),
  'api/admin-reads': z.object({
    ...callerVariables,
    TASK_TABLE: required,
    AUDIT_TABLE: required,
  }),
  'api/list-providers': z.object({
    ...callerVariables,
    ...queue,
    ...providers,
    PROVIDERS,
    TYPICAL_SECONDS,
  }),
  'api/manage-accounts': z.object({ ...callerVariables, AUDIT_TABLE: required, ACCOUNT_BUDGET }),
  'api/credit-account': z.object({
    ...callerVariables,
    IDEMPOTENCY_TABLE: required,
    AUDIT_TABLE: required,
  }),
  'api/manage-keys': z.object({ ...callerVariables, AUDIT_TABLE: required, ALLOW_LOOPBACK }),
  'api/test-webhook': z.object({ ...callerVariables, PUBLIC_URL: required, ALLOW_LOOPBACK }),
  'api/console': z.object({ PICTURE_ORIGINS: required, AWS_ENDPOINT_URL_S3 }),
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
    ...slots,
    PROVIDERS,
    ACTIVITY_TABLE: required,
    INPUT_BUCKET: required,
    TYPICAL_SECONDS,
  }),
  'workflow/await-slot': z.object({ ...metrics, ...slots }),
  'workflow/await-provider': z.object({ TASK_TABLE: required }),
  // This function polls, and when the job is finished it settles the task and notifies the caller.
  'workflow/poll-task': z.object({ ...providers, ...settlement, ...callbacks, ...slots }),
  'workflow/settle-task': z.object({ ...settlement, ...slots }),
  'workflow/notify-caller': z.object({ ...callbacks }),
  'events/input-uploaded': z.object({ TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/reconcile': z.object({
    ...metrics,
    ...slots,
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
  'events/make-thumbnail': z.object({ ...metrics }),
  'events/execution-ended': z.object({ ...metrics, TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/canary': z.object({
    ...metrics,
    CANARY_SECRET: required,
    PUBLIC_URL: required,
    ALLOW_LOOPBACK,
  }),
  'events/issue-key': z.object({
    KEY_TABLE: required,
    ACCOUNT_TABLE: required,
    IDEMPOTENCY_TABLE: required,
    AUDIT_TABLE: required,
    ALLOW_LOOPBACK,
    ACCOUNT_BUDGET,
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

/** The environment of an entry, as its code reads it. */
export type Env<E extends Entry> = z.output<(typeof entries)[E]>;

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

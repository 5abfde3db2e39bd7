import * as z from 'zod';
import {
  AWS_ENDPOINT_URL_S3,
  LOOPBACK,
  PROVIDERS,
  required,
  seconds,
  USUAL_SECONDS,
} from './env-values.ts';

const callers = { KEY_TABLE: required, ACCOUNT_TABLE: required, ACTIVITY_TABLE: required };
const links = { PUBLIC_URL: required, SIGNING_SECRET: required };
/** The metrics' one dimension, which Powertools reads by itself: the stack's name. */
const metered = { POWERTOOLS_SERVICE_NAME: required };
const providers = {
  PROVIDER_SECRET: required,
  DASHSCOPE_URL: required,
  EVOLINK_URL: required,
  FAL_URL: required,
};
/** Every Lambda of the system, and what it must be told. infra/ cannot deploy one without it. */
export const entries = {
  'api/create-task': z.object({
    ...metered,
    ...callers,
    TASK_TABLE: required,
    IDEMPOTENCY_TABLE: required,
    INPUT_BUCKET: required,
    WORKFLOW_ARN: required,
    PUBLIC_URL: required,
    PROVIDERS,
    LOOPBACK,
    USUAL_SECONDS,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/get-task': z.object({ ...callers, ...links, TASK_TABLE: required, USUAL_SECONDS }),
  'api/list-tasks': z.object({ ...callers, TASK_TABLE: required, USUAL_SECONDS }),
  'api/batch-tasks': z.object({ ...callers, ...links, TASK_TABLE: required, USUAL_SECONDS }),
  'api/cancel-task': z.object({
    ...callers,
    TASK_TABLE: required,
    WORKFLOW_ARN: required,
    USUAL_SECONDS,
  }),
  'api/redeliver-callback': z.object({
    ...callers,
    ...links,
    TASK_TABLE: required,
    NOTIFY_FUNCTION: required,
  }),
  'api/create-file': z.object({
    ...callers,
    INPUT_BUCKET: required,
    PUBLIC_URL: required,
    AWS_ENDPOINT_URL_S3,
  }),
  'api/list-models': z.object({ ...callers }),
  'api/get-credits': z.object({ ...callers }),
  'api/get-result': z.object({
    TASK_TABLE: required,
    RESULT_BUCKET: required,
    SIGNING_SECRET: required,
  }),
  'api/admin/create-account': z.object({ ...callers }),
  'api/admin/list-accounts': z.object({ ...callers }),
  'api/admin/get-account': z.object({ ...callers }),
  'api/admin/change-account': z.object({ ...callers }),
  'api/admin/credit-account': z.object({ ...callers, IDEMPOTENCY_TABLE: required }),
  'api/admin/list-entries': z.object({ ...callers }),
  'api/admin/rotate-secret': z.object({ ...callers }),
  'api/admin/create-key': z.object({ ...callers }),
  'api/admin/list-keys': z.object({ ...callers }),
  'api/admin/get-key': z.object({ ...callers }),
  'api/admin/change-key': z.object({ ...callers }),
  'api/admin/delete-key': z.object({ ...callers }),
  'api/provider-callback': z.object({
    TASK_TABLE: required,
    SIGNING_SECRET: required,
    FAL_KEYS_URL: required,
  }),
  'api/openapi': z.object({}),
  'api/health': z.object({}),
  'api/not-found': z.object({}),
  'workflow/prepare-inputs': z.object({
    TASK_TABLE: required,
    INPUT_BUCKET: required,
    LOOPBACK,
  }),
  'workflow/submit-task': z.object({
    ...metered,
    ...providers,
    ...links,
    PROVIDERS,
    TASK_TABLE: required,
    ACTIVITY_TABLE: required,
    INPUT_BUCKET: required,
    USUAL_SECONDS,
  }),
  'workflow/await-provider': z.object({ TASK_TABLE: required }),
  'workflow/poll-task': z.object({ ...providers, TASK_TABLE: required }),
  'workflow/settle-task': z.object({
    ...metered,
    TASK_TABLE: required,
    ACCOUNT_TABLE: required,
    KEY_TABLE: required,
    ACTIVITY_TABLE: required,
    RESULT_BUCKET: required,
    LOOPBACK,
  }),
  'workflow/notify-caller': z.object({
    ...metered,
    ...links,
    TASK_TABLE: required,
    ACCOUNT_TABLE: required,
    CALLBACK_TAIL: seconds,
    LOOPBACK,
  }),
  'events/input-uploaded': z.object({ TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/sweep': z.object({
    ...metered,
    TASK_TABLE: required,
    WORKFLOW_ARN: required,
    NOTIFY_FUNCTION: required,
  }),
  'events/execution-ended': z.object({ ...metered, TASK_TABLE: required, WORKFLOW_ARN: required }),
  'events/issue-key': z.object({
    KEY_TABLE: required,
    ACCOUNT_TABLE: required,
    IDEMPOTENCY_TABLE: required,
  }),
} as const;

export type Entry = keyof typeof entries;
export type EnvOf<E extends Entry> = z.input<(typeof entries)[E]>;

type Env<E extends Entry> = z.output<(typeof entries)[E]>;

/**
 * The environment of one Lambda, or a clear refusal to start.
 * @throws {Error} naming the variables that are missing
 */
export function readEnv<E extends Entry>(entry: E, env = process.env): Env<E> {
  const parsed = entries[entry].safeParse(env);
  // The schema of this entry made it; the compiler only sees that one of them did.
  if (parsed.success) return parsed.data as Env<E>;
  const missing = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Error(`${entry} lacks ${missing} in its environment`);
}

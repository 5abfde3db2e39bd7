import { createHash, randomInt } from 'node:crypto';
import * as z from 'zod';
import { json, type ProviderRequest, type ProviderResponse } from './http.ts';
import {
  checkModel,
  type ImageRequest,
  Link,
  Prompt,
  parseBody,
  Seed,
  sizeWith,
} from './image-request.ts';
import { imagesOf, type Job, type Status, statusOf } from './jobs.ts';
import {
  categoryOf,
  type ErrorCategory,
  type JobFailure,
  ProviderError,
} from './provider-error.ts';
import { resultLink } from './results.ts';
import {
  acceptJob,
  beginQuery,
  beginSubmit,
  type Protocol,
  type Route,
  type ServerContext,
} from './route.ts';

/** The models that this provider has. */
const models = ['wan2.5-image-to-image'];

const Body = z.object({
  model: z.string().min(1),
  prompt: Prompt.max(2000),
  image_urls: z.array(Link).min(1, 'needs 1 or 2 images').max(2, 'needs 1 or 2 images'),
  n: z.int().min(1).max(4).default(1),
  callback_url: z.url().max(2048).optional(),
  size: sizeWith('x').optional(),
  seed: Seed.optional(),
  prompt_extend: z.boolean().default(true),
  watermark: z.boolean().default(false),
});

type ParsedRequest = {
  readonly imageRequest: ImageRequest;
  readonly callbackUrl: string | undefined;
};

/**
 * Parses the create request, with EvoLink's defaults and with the options that it passes on to the model.
 * @throws {ProviderError} when it is invalid
 */
function parseRequest(text: string): ParsedRequest {
  const body = parseBody(Body, text);
  checkModel(body.model, models);
  const imageRequest = {
    prompt: body.prompt,
    images: body.image_urls,
    n: body.n,
    canvas: body.size,
    seed: body.seed,
    isWatermarked: body.watermark,
    isExtended: body.prompt_extend,
  };
  return { imageRequest, callbackUrl: body.callback_url };
}

type SubmittedRequest = { readonly id: string; readonly digest: string };

const maxKeys = 10_000;

/** The latest accepted submits by their idempotency keys. */
function submittedRequests() {
  const byKey = new Map<string, SubmittedRequest>();
  return {
    find: (key = ''): SubmittedRequest | undefined => byKey.get(key),
    add(key: string | undefined, submitted: SubmittedRequest): void {
      if (key === undefined) return;
      byKey.set(key, submitted);
      const [oldest = ''] = byKey.keys();
      if (byKey.size > maxKeys) byKey.delete(oldest);
    },
  };
}

/** EvoLink's gateway. It recognises the submits that it has accepted by their idempotency keys. */
export function evolink(): Protocol {
  const submitted = submittedRequests();

  const submit: Route = (context, request) => {
    const { jobs, counts, now } = context;
    beginSubmit(context, request, 'Bearer');
    const key = keyOf(request);
    const earlier = submitted.find(key);
    if (earlier) return replay(context, request, earlier);
    const { imageRequest, callbackUrl } = parseRequest(request.body);
    const { isLost, plan } = acceptJob(context);
    const job = jobs.add(context.provider, imageRequest, plan, {
      id: newId(now()),
      onFinished: callbackUrl ? (ended) => sendWebhook(context, ended, callbackUrl) : undefined,
    });
    counts.accepted += 1;
    submitted.add(key, { id: job.id, digest: digestOf(request) });
    return isLost ? { kind: 'lost' } : json(200, created(job));
  };

  return {
    routes: [
      ['POST', /^\/v1\/images\/generations$/, submit],
      ['GET', /^\/v1\/tasks\/([^/]+)$/, poll],
    ],
    errorResponse: toErrorResponse,
  };
}

const poll: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Bearer', count: 'polls' });
  if (!id.startsWith('task-unified-')) {
    return errorResponse(400, 'invalid_task_id', "task_id must start with 'task-unified-'");
  }
  const job = context.jobs.find(id);
  if (!job) return errorResponse(404, 'task_not_found', 'Task not found or expired.');
  return json(200, view(job, resultLink(context, job)));
};

const newId = (at: number): string =>
  `task-unified-${Math.floor(at / 1000)}-${randomInt(36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;

function keyOf(request: ProviderRequest): string | undefined {
  const key = request.header('idempotency-key');
  if (key === undefined || /^[A-Za-z0-9._-]{16,96}$/.test(key)) return key;
  throw new ProviderError('InvalidParameter', 'Idempotency-Key: must be 16 to 96 of A-Za-z0-9._-');
}

/** Instead of the body, which may contain pictures. */
const digestOf = ({ body }: ProviderRequest): string =>
  createHash('sha256').update(body).digest('hex');

function replay(
  { jobs }: ServerContext,
  request: ProviderRequest,
  { id, digest }: SubmittedRequest,
): ProviderResponse {
  if (digest !== digestOf(request)) {
    return errorResponse(409, 'idempotency_conflict', 'The key was used for another request.');
  }
  const job = jobs.find(id);
  if (!job)
    return errorResponse(409, 'paid_outcome_unknown', 'What became of the request is not known.');
  return json(200, created(job), { 'Idempotency-Replayed': 'true' });
}

function sendWebhook(context: ServerContext, job: Job, url: string): void {
  const body = JSON.stringify(view(job, resultLink(context, job)));
  context.callbacks.send({ url, body, headers: () => ({}) });
}

const statusNames: Readonly<Record<Status, string>> = {
  PENDING: 'pending',
  RUNNING: 'processing',
  SUCCEEDED: 'completed',
  FAILED: 'failed',
  CANCELED: 'failed',
};

/** A task in the query and in the callback. */
function view(job: Job, resultLink: (n: number) => string) {
  const status = statusOf(job);
  const task = { ...basics(job), status: statusNames[status] };
  if (status === 'PENDING') return { ...task, progress: 0 };
  if (status === 'RUNNING') return { ...task, progress: 50 };
  const ended = { ...task, task_info: { can_cancel: false } };
  if (status === 'SUCCEEDED') {
    // If some images failed, there are fewer results: EvoLink lists no failures.
    return { ...ended, progress: 100, results: imagesOf(job).map(({ n }) => resultLink(n)) };
  }
  return { ...ended, progress: 0, error: taskError(job) };
}

/** The response of a submit. */
const created = (job: Job) => ({
  ...basics(job),
  task_info: { can_cancel: true, estimated_time: Math.ceil(job.plan.seconds) },
  usage: { billing_rule: 'per_call', credits_reserved: 1.2 * job.request.n, user_group: 'default' },
});

const basics = ({ id, submittedAt }: Job) => ({
  created: Math.floor(submittedAt / 1000),
  id,
  model: 'wan2.5-image-to-image',
  object: 'image.generation.task',
  progress: 0,
  status: 'pending',
  task_info: { can_cancel: true },
  type: 'image',
});

type ErrorTerms = {
  /** HTTP status, code and type of a rejected request. */
  readonly rejected: readonly [status: number, code: string, type: string];
  /** Code of a failed task. */
  readonly failed: string;
};

const badRequest = 'invalid_request_error';
const terms: Readonly<Record<ErrorCategory, ErrorTerms>> = {
  input: { rejected: [400, 'invalid_request', badRequest], failed: 'invalid_parameters' },
  picture: { rejected: [400, 'invalid_request', badRequest], failed: 'image_processing_error' },
  policy: { rejected: [400, 'content_filter', badRequest], failed: 'content_policy_violation' },
  key: { rejected: [401, 'unauthorized', 'authentication_error'], failed: 'service_error' },
  money: { rejected: [402, 'insufficient_quota', 'insufficient_quota'], failed: 'quota_exceeded' },
  access: { rejected: [403, 'model_access_denied', badRequest], failed: 'service_unavailable' },
  busy: {
    rejected: [429, 'rate_limit_exceeded', 'rate_limit_error'],
    failed: 'resource_exhausted',
  },
  timeout: { rejected: [500, 'internal_error', 'api_error'], failed: 'generation_timeout' },
  unavailable: { rejected: [503, 'model_unavailable', 'api_error'], failed: 'service_unavailable' },
  crash: { rejected: [500, 'internal_error', 'api_error'], failed: 'service_error' },
};

function toErrorResponse({ code, message }: ProviderError, method: string): ProviderResponse {
  const [status, errorCode, type] = terms[categoryOf(code)].rejected;
  // The same code has another type on the query of a task.
  const isThrottledQuery = status === 429 && method === 'GET';
  return errorResponse(status, errorCode, message, isThrottledQuery ? 'evo_api_error' : type);
}

const errorResponse = (
  status: number,
  code: string,
  message: string,
  type = badRequest,
): ProviderResponse => json(status, { error: { code, message, type } });

const taskError = ({ result }: Job) =>
  result && 'failure' in result
    ? failureError(result.failure)
    : { code: 'request_cancelled', message: 'The task was cancelled.', type: 'task_error' };

const failureError = ({ code, message }: JobFailure) => ({
  code: terms[categoryOf(code)].failed,
  message,
  type: 'task_error',
});

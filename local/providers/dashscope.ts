import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { json, type ProviderResponse } from './http.ts';
import {
  checkModel,
  type ImageRequest,
  Link,
  Prompt,
  parseBody,
  Seed,
  sizeWith,
} from './image-request.ts';
import { imagesOf, type Job, statusOf } from './jobs.ts';
import { ProviderError } from './provider-error.ts';
import { resultLink } from './results.ts';
import { acceptJob, beginQuery, beginSubmit, type Protocol, type Route } from './route.ts';

/** The models that this provider has. */
const models = ['wan2.5-i2i-preview'];

const Body = z.object({
  model: z.string().min(1),
  input: z.object({
    prompt: Prompt,
    images: z.array(Link).min(1, 'needs 1 to 3 images').max(3, 'needs 1 to 3 images'),
    negative_prompt: z.string().optional(),
  }),
  parameters: z
    .object({
      size: sizeWith('*').optional(),
      n: z.int().min(1).max(4).default(4),
      watermark: z.boolean().default(false),
      prompt_extend: z.boolean().default(true),
      seed: Seed.optional(),
    })
    .prefault({}),
});

/** Parses the create request, with the vendor's defaults. @throws {ProviderError} when it is invalid */
function parseRequest(text: string): ImageRequest {
  const { model, input, parameters } = parseBody(Body, text);
  checkModel(model, models);
  return {
    // The vendor cuts off a longer prompt without an error.
    prompt: [...input.prompt].slice(0, 2000).join(''),
    images: input.images,
    n: parameters.n,
    canvas: parameters.size,
    seed: parameters.seed,
    isWatermarked: parameters.watermark,
    isExtended: parameters.prompt_extend,
  };
}

const submit: Route = (context, request) => {
  beginSubmit(context, request, 'Bearer');
  if (request.header('x-dashscope-async') !== 'enable') {
    throw new ProviderError('AccessDenied', 'current user api does not support synchronous calls.');
  }
  const imageRequest = parseRequest(request.body);
  const { isLost, plan } = acceptJob(context);
  const { id } = context.jobs.add(context.provider, imageRequest, plan);
  context.counts.accepted += 1;
  if (isLost) return { kind: 'lost' };
  return respond(200, { output: { task_status: 'PENDING', task_id: id } });
};

const poll: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Bearer', count: 'polls' });
  const job = context.jobs.find(id);
  if (!job) return respond(200, { output: { task_id: id, task_status: 'UNKNOWN' } });
  return respond(200, view(job, resultLink(context, job)));
};

const cancel: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Bearer', count: 'cancels' });
  if (context.jobs.cancel(id)) return respond(200, {});
  throw new ProviderError(
    'UnsupportedOperation',
    'Failed to cancel the task, please confirm if the task is in PENDING status.',
  );
};

/** Every response of the vendor has a request id. */
const respond = (status: number, body: object): ProviderResponse =>
  json(status, { request_id: randomUUID(), ...body });

/** Model Studio's asynchronous image edit. */
export const dashscope: Protocol = {
  routes: [
    ['POST', /^\/api\/v1\/services\/aigc\/image2image\/image-synthesis$/, submit],
    ['GET', /^\/api\/v1\/tasks\/([^/]+)$/, poll],
    ['POST', /^\/api\/v1\/tasks\/([^/]+)\/cancel$/, cancel],
  ],
  errorResponse: ({ status, code, message }) => respond(status, { code, message }),
};

/** The `output` and `usage` of a query, as the vendor has them for each status of a job. */
function view(job: Job, resultLink: (n: number) => string) {
  const status = statusOf(job);
  const output = { task_id: job.id, task_status: status, submit_time: time(job.submittedAt) };
  const noneYet = { task_metrics: metrics(job, 0, 0) };
  if (status === 'PENDING') return { output: { ...output, ...noneYet } };
  if (status === 'CANCELED') {
    return { output: { ...output, end_time: time(job.canceledAt), ...noneYet } };
  }
  const started = { ...output, scheduled_time: time(job.startsAt) };
  if (status === 'RUNNING') return { output: { ...started, ...noneYet } };
  return ended({ ...started, end_time: time(job.finishedAt) }, job, resultLink);
}

function ended(started: object, job: Job, resultLink: (n: number) => string) {
  if (!job.result || 'failure' in job.result) {
    return {
      output: { ...started, ...job.result?.failure, task_metrics: metrics(job, 0, job.request.n) },
    };
  }
  const { items } = job.result;
  const results = items.map((item, index) =>
    'image' in item ? { ...prompts(job), url: resultLink(index + 1) } : item,
  );
  const succeeded = imagesOf(job).length;
  const task_metrics = metrics(job, succeeded, items.length - succeeded);
  return { output: { ...started, results, task_metrics }, usage: { image_count: succeeded } };
}

const prompts = ({ request: { prompt, isExtended } }: Job) => ({
  orig_prompt: prompt,
  ...(isExtended && { actual_prompt: `${prompt}, in careful detail, with harmonious light` }),
});

const metrics = ({ request }: Job, succeeded: number, failed: number) => ({
  TOTAL: request.n,
  SUCCEEDED: succeeded,
  FAILED: failed,
});

/** The vendor's times are in Beijing's time zone, and do not say so. */
const time = (at = 0): string =>
  new Date(at + 8 * 60 * 60 * 1000).toISOString().replace('T', ' ').slice(0, -1);

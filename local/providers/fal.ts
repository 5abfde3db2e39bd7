import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import * as z from 'zod';
import { json } from './http.ts';
import { type ImageRequest, Link, Prompt, parseBody, Seed } from './image-request.ts';
import { hasEnded, imagesOf, type Job, statusOf } from './jobs.ts';
import {
  categoryOf,
  type ErrorCategory,
  type JobFailure,
  type ProviderError,
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

const namedSizes = {
  square_hd: { width: 1024, height: 1024 },
  square: { width: 512, height: 512 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
};
const Side = z.int().min(384).max(1440);

const Body = z.object({
  prompt: Prompt.max(2000),
  image_urls: z.array(Link).min(1),
  num_images: z.int().min(1).max(4).default(1),
  image_size: z
    .union([
      z.object({ width: Side, height: Side }),
      z.enum([
        'square_hd',
        'square',
        'portrait_4_3',
        'portrait_16_9',
        'landscape_4_3',
        'landscape_16_9',
      ]),
    ])
    .default('square'),
  seed: Seed.optional(),
});

/** Parses the input of the model, with fal's defaults. @throws {ProviderError} when it is invalid */
function parseRequest(text: string): ImageRequest {
  const { prompt, image_urls, num_images, image_size, seed } = parseBody(Body, text);
  return {
    prompt,
    images: image_urls.slice(0, 2), // fal ignores the rest
    n: num_images,
    canvas: typeof image_size === 'string' ? namedSizes[image_size] : image_size,
    seed,
    isWatermarked: false,
    isExtended: true,
  };
}

/** What the query of a submit may contain. */
const SubmitQuery = z.object({
  fal_webhook: z.string().optional(),
  /** More waiting requests than this make the submit a 429. */
  fal_max_queue_length: z.coerce.number().int().min(0).optional().catch(undefined),
});

/**
 * fal's queue, with its signed webhooks. An invalid input is rejected at the submit; at fal it is rejected
 * when the model runs.
 */
export function fal(now: () => number): Protocol {
  const webhookSigner = signer(now);

  const submit: Route = (context, request) => {
    beginSubmit(context, request, 'Key');
    const imageRequest = parseRequest(request.body);
    const { fal_webhook: url, fal_max_queue_length } = SubmitQuery.parse(
      Object.fromEntries(request.query),
    );
    const maxQueued = fal_max_queue_length === undefined ? undefined : fal_max_queue_length + 1;
    const { isLost, plan } = acceptJob(context, maxQueued);
    const job = context.jobs.add(context.provider, imageRequest, plan, {
      onFinished: url ? (ended) => sendWebhook(context, ended, { url, webhookSigner }) : undefined,
    });
    context.counts.accepted += 1;
    if (isLost) return { kind: 'lost' };
    return json(200, queued(context, job));
  };

  return {
    routes: [
      ['POST', /^\/fal-ai\/wan-25-preview\/image-to-image$/, submit],
      ['GET', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)\/status$/, status],
      ['GET', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)$/, response],
      ['PUT', /^\/fal-ai\/wan-25-preview\/requests\/([^/]+)\/cancel$/, cancel],
      ['GET', /^\/\.well-known\/jwks\.json$/, () => json(200, webhookSigner.keySet)],
    ],
    errorResponse,
  };
}

const status: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Key', count: 'polls' });
  const job = context.jobs.find(id);
  if (!job) return unknownRequest;
  const jobStatus = statusOf(job);
  if (jobStatus === 'PENDING') return json(202, queued(context, job));
  const links = linksOf(context, job.id);
  if (jobStatus === 'RUNNING') return json(202, { status: 'IN_PROGRESS', ...links });
  return json(200, { status: 'COMPLETED', ...links, ...failureOf(job) });
};

const response: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Key' });
  const job = context.jobs.find(id);
  if (!job) return unknownRequest;
  if (!hasEnded(job)) return json(400, { detail: 'Request is still in progress' });
  return resultResponse(job, resultLink(context, job));
};

const cancel: Route = (context, request, id) => {
  beginQuery(context, request, { scheme: 'Key', count: 'cancels' });
  const { jobs } = context;
  const job = jobs.find(id);
  if (!job) return json(404, { status: 'NOT_FOUND' });
  // The cancellation of a running request is accepted, but the request goes on: the model decides whether it stops.
  const isRequested = jobs.cancel(id) || statusOf(job) === 'RUNNING';
  return isRequested
    ? json(202, { status: 'CANCELLATION_REQUESTED' })
    : json(400, { status: 'ALREADY_COMPLETED' });
};

const unknownRequest = json(404, { detail: 'Request not found' });

const linksOf = ({ urlOf }: ServerContext, id: string) => {
  const response_url = urlOf(`/fal-ai/wan-25-preview/requests/${id}`);
  return {
    request_id: id,
    response_url,
    status_url: `${response_url}/status`,
    cancel_url: `${response_url}/cancel`,
  };
};

const queued = (context: ServerContext, job: Job) => ({
  status: 'IN_QUEUE',
  ...linksOf(context, job.id),
  queue_position: context.jobs.queuePosition(job),
});

const cancelled = {
  status: 499,
  body: { detail: 'The request was cancelled by the client.', error_type: 'client_cancelled' },
};

/** The further fields in the status of a failed request. */
function failureOf({ canceledAt, result }: Job) {
  if (canceledAt !== undefined) {
    return { error: cancelled.body.detail, error_type: cancelled.body.error_type };
  }
  if (!result || !('failure' in result)) return {};
  const { code, message } = result.failure;
  const { errorType } = terms[categoryOf(code)];
  return errorType ? { error: message, error_type: errorType } : {};
}

/** The result of the model, or its error. */
function resultResponse(job: Job, resultLink: (n: number) => string) {
  const { result, request, canceledAt } = job;
  if (canceledAt !== undefined) return json(cancelled.status, cancelled.body);
  if (result && 'failure' in result) return errorResponse(result.failure);
  const images = imagesOf(job).map(({ n, image }) => ({
    url: resultLink(n),
    content_type: 'image/png',
    file_name: `${n}.png`,
    file_size: image.bytes,
  }));
  const seeds = images.map((_, index) => (request.seed ?? 0) + index);
  return json(200, { images, seeds, actual_prompt: request.prompt });
}

type ErrorTerms = {
  readonly status: number;
  /** An error of the model is in a list, with this type. */
  readonly type?: string;
  /** An error of the platform has this type. */
  readonly errorType?: string;
};

const terms: Readonly<Record<ErrorCategory, ErrorTerms>> = {
  input: { status: 422, type: 'value_error' },
  picture: { status: 422, type: 'image_load_error' },
  policy: { status: 422, type: 'content_policy_violation' },
  key: { status: 401 },
  money: { status: 403 },
  access: { status: 404 },
  busy: { status: 429 },
  timeout: { status: 504, errorType: 'request_timeout' },
  unavailable: { status: 503, errorType: 'runner_scheduling_failure' },
  crash: { status: 500, type: 'internal_server_error' },
};

/** The response for an error, of a submit or instead of a result. */
function errorResponse({ code, message }: JobFailure | ProviderError) {
  const { status, type, errorType } = terms[categoryOf(code)];
  if (errorType) {
    const headers = { 'X-Fal-Error-Type': errorType };
    return json(status, { detail: message, error_type: errorType }, headers);
  }
  return json(status, { detail: type ? [{ loc: ['body'], msg: message, type }] : message });
}

type Signer = ReturnType<typeof signer>;
type WebhookTarget = { readonly url: string; readonly webhookSigner: Signer };

function sendWebhook(
  context: ServerContext,
  job: Job,
  { url, webhookSigner }: WebhookTarget,
): void {
  const { status: resultStatus, body: payload } = resultResponse(job, resultLink(context, job));
  const body = JSON.stringify({
    request_id: job.id,
    gateway_request_id: job.id,
    payload,
    ...(resultStatus === 200
      ? { status: 'OK', error: null }
      : { status: 'ERROR', error: `Unexpected status code: ${resultStatus}` }),
  });
  context.callbacks.send({ url, body, headers: () => webhookSigner.headersFor(job.id, body) });
}

const userId = 'mock-provider';

/** Signs webhooks as fal does, with a published key that exists as long as the process. */
function signer(now: () => number) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });

  return {
    keySet: { keys: [{ kty, crv, x, use: 'sig', alg: 'EdDSA' }] },
    headersFor(requestId: string, body: string): Record<string, string> {
      const timestamp = String(Math.floor(now() / 1000));
      const digest = createHash('sha256').update(body).digest('hex');
      const message = [requestId, userId, timestamp, digest].join('\n');
      return {
        'X-Fal-Webhook-Request-Id': requestId,
        'X-Fal-Webhook-User-Id': userId,
        'X-Fal-Webhook-Timestamp': timestamp,
        'X-Fal-Webhook-Signature': sign(null, Buffer.from(message), privateKey).toString('hex'),
      };
    },
  };
}

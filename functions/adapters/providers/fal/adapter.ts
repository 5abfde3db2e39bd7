import * as z from 'zod';
import type { Job, Progress, Provider } from '../../../domain/model/provider.ts';
import { type Failure, type GeneratedImage, taskDeadlineMs } from '../../../domain/model/task.ts';
import { SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { rejectionError } from '../error-table.ts';
import type { ProviderAdapter } from '../provider-adapter.ts';
import {
  type Access,
  type ErrorDetails,
  formatForLog,
  isUnknownJob,
  type UpstreamResponse,
  unansweredPoll,
  upstream,
} from '../upstream.ts';
import { classify, parseError } from './errors.ts';
import { webhookVerifier } from './webhook-signature.ts';

export const falAdapter: ProviderAdapter = {
  createClient: fal,
  url: {
    name: 'FalUrl',
    description: 'Where the queue of fal is',
    default: 'https://queue.fal.run',
  },
  capacity: {
    name: 'FalCapacity',
    // An account before its first larger purchase. What is above it waits at fal.
    default: { running: 2, ahead: 1 },
    countedBy: 'provider',
  },
  webhookSignature: {
    keysUrl: {
      name: 'FalKeysUrl',
      description: 'Where fal publishes its keys',
      default: 'https://rest.alpha.fal.ai/.well-known/jwks.json',
    },
    createVerifier: webhookVerifier,
  },
};

// Only the id is used: a URL from a response would have to be checked before the key is sent there.
const Queued = z.object({ request_id: z.string().regex(/^[\w-]{1,64}$/) });

/** How long fal is asked to keep the images: long enough to copy them, and as long as the other providers do. */
const retentionMs = 24 * 60 * 60 * 1000;

/** fal's queue, which bills every image it makes, has no idempotency key, and sends webhooks. */
export function fal(access: Access): Provider {
  const { postOnce, get, cancel, base, pollSignal } = upstream('Key', access);

  /** The result of a request that is completed. */
  const fetchResult = async (
    path: string,
    status: z.infer<typeof Status>,
    signal: AbortSignal,
  ): Promise<Progress> => {
    const response = await get(path, signal);
    const details = parseError(response);
    const result = Result.safeParse(response.body);
    if (response.ok && result.success) return finished(toImages(result.data, base));
    const failure = response.ok ? undefined : failureIn(response, details, status);
    if (failure) return failed(failure);
    if (isJobLost(response)) return failed(reasons.jobLost);
    throw unansweredPoll('result', response, details);
  };

  return {
    supportsWebhook: true,
    retentionMs,

    async submit(job) {
      const response = await postOnce(submitPath(job), limits, toBody(job));
      const details = parseError(response);
      const line = formatForLog(response, details);
      if (!response.ok) throw rejectionError(classify(response.status, details.code), line);
      const queued = Queued.safeParse(response.body);
      if (!queued.success) throw new SubmitUnknown(`submit ${line}, but no request id`);
      return ticketOf(job, queued.data.request_id);
    },

    async poll(ticket, deadlineMs) {
      const signal = pollSignal(deadlineMs);
      const path = requestPath(ticket);
      const response = await get(`${path}/status`, signal);
      if (isJobLost(response)) return failed(reasons.jobLost);
      const { success, data } = Status.safeParse(response.body);
      if (!response.ok || !success) throw unansweredPoll('poll', response, parseError(response));
      if (data.status === 'COMPLETED') return fetchResult(path, data, signal);
      return { state: data.status === 'IN_QUEUE' ? 'queued' : 'running' };
    },

    // A 2xx says CANCELLATION_REQUESTED, also when the request is running and goes on.
    cancel: (ticket, deadlineMs) =>
      cancel(`${requestPath(ticket)}/cancel`, 'PUT', 'requested', deadlineMs),
  };
}

// A job is submitted to the model's endpoint, such as fal-ai/wan-25-preview/image-to-image. Its request is addressed by
// the app, the first two parts of that name. A ticket is the id of a request of `firstApp`, or an id, `@` and another
// app: every ticket that was stored before there was a second app is an id.
const firstApp = 'fal-ai/wan-25-preview';

function ticketOf({ model }: Job, requestId: string): string {
  const app = model.split('/').slice(0, 2).join('/');
  return app === firstApp ? requestId : `${requestId}@${app}`;
}

function requestPath(ticket: string): string {
  const [requestId = '', app = firstApp] = ticket.split('@');
  return `/${app}/requests/${encodeURIComponent(requestId)}`;
}

// fal's 404 has no code, but a text.
const Unknown = z.object({ detail: z.string() });

const isJobLost = (response: UpstreamResponse): boolean =>
  isUnknownJob(response, {
    code: parseError(response).code ?? Unknown.safeParse(response.body).data?.detail,
  });

const submitPath = ({ model, webhookUrl }: Job): string =>
  webhookUrl ? `/${model}?${new URLSearchParams({ fal_webhook: webhookUrl })}` : `/${model}`;

const limits = {
  // How long a request may wait to begin. After the task's deadline the images are useless, and would
  // still be billed.
  'X-Fal-Request-Timeout': `${taskDeadlineMs / 1000}`,
  'X-Fal-Object-Lifecycle-Preference': JSON.stringify({
    expiration_duration_seconds: retentionMs / 1000,
  }),
};

// fal has no field for prompt_extend and watermark. Options that the caller did not set stay undefined,
// and JSON leaves them out.
const toBody = ({ prompt, images, n, options }: Job) => ({
  prompt,
  image_urls: images,
  num_images: n,
  image_size: toSize(options.size),
  negative_prompt: options.negativePrompt,
  seed: options.seed,
});

// fal's own default is a square of 512 pixels. Ours has as many pixels as the other providers generate by
// default. They also take the aspect ratio of the last picture, which a job does not contain.
function toSize(size = '1280x1280') {
  const [width, height] = size.split(/[x*]/).map(Number);
  return { width, height };
}

// Only the fields we read. An unknown status is a parse error, not progress.
const Status = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  /** The error of a request that is completed because it failed. */
  error: z.unknown().optional(),
  error_type: z.string().nullish(),
});

const Result = z.object({
  images: z.array(z.object({ url: z.string().nullish() })).nullish(),
});

// A rejected key and a rate limit are about us, and say nothing about the job.
const isAboutUs = (status: number): boolean => [401, 403, 429].includes(status);

/**
 * Why a completed request has no result: the queue passes on the model's error. `undefined` when the
 * response says nothing about the job.
 */
function failureIn(
  response: UpstreamResponse,
  details: ErrorDetails,
  { error, error_type }: z.infer<typeof Status>,
): Failure | undefined {
  const ownCode = isAboutUs(response.status) ? undefined : details.code;
  const code = ownCode ?? error_type ?? (error ? 'unnamed' : undefined);
  const isInputAtFault = response.status === 400 || response.status === 422;
  if (code === undefined && !isInputAtFault) return undefined;
  return classify(response.status, code).failure;
}

// fal copies what its models make to its own hosts. A URL of any other host is not fetched.
const falHosts = [
  /^https:\/\/([\w-]+\.)*fal\.(media|ai|run)\//,
  /^https:\/\/storage\.googleapis\.com\/falserverless\//,
];

/** The images of a result. A URL below `base`, where fal itself is configured to be, is fal's own too. */
function toImages({ images }: z.infer<typeof Result>, base: string): readonly GeneratedImage[] {
  const isOfFal = (url: string) =>
    url.startsWith(`${base}/`) || falHosts.some((host) => host.test(url));
  return (images ?? []).map(({ url }) => {
    if (!url) return reasons.empty;
    return isOfFal(url) ? { url } : reasons.crashed;
  });
}

import * as z from 'zod';
import type { Job, Progress, Provider } from '../../../domain/model/provider.ts';
import { taskDeadlineMs } from '../../../domain/model/task.ts';
import { SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { rejectionError } from '../error-table.ts';
import {
  type Access,
  formatForLog,
  isUnknownJob,
  type UpstreamResponse,
  unansweredPoll,
  upstream,
} from '../upstream.ts';
import { classify, parseError } from './errors.ts';
import { failureIn, Result, Status, toImages } from './progress.ts';

// Only the id is used: a URL from a response would have to be checked before the key is sent there.
const Queued = z.object({ request_id: z.string().regex(/^[\w-]{1,64}$/) });

/** For how long fal is told to keep the images: enough to copy them, and what the other providers give. */
const retentionMs = 24 * 60 * 60 * 1000;

/** fal's queue, which bills every image it makes, has no idempotency key, and sends webhooks. */
export function fal(access: Access): Provider {
  const { postOnce, get, cancel, base, pollSignal } = upstream('Key', access);

  /** What became of a request that is completed. */
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

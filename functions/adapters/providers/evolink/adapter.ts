import * as z from 'zod';
import type { Job, Progress, Provider } from '../../../domain/model/provider.ts';
import { maxUrlLength } from '../../../domain/model/task.ts';
import { SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { rejectionError } from '../error-table.ts';
import type { ProviderAdapter } from '../provider-adapter.ts';
import {
  type Access,
  type ErrorDetails,
  formatForLog,
  isUnknownJob,
  Ticket,
  type UpstreamResponse,
  unansweredPoll,
  upstream,
} from '../upstream.ts';
import { classify, failureOf, parseError } from './errors.ts';

export const evolinkAdapter: ProviderAdapter = {
  createClient: evolink,
  url: {
    name: 'EvoLinkUrl',
    description: 'Where EvoLink is',
    default: 'https://api.evolink.ai',
  },
  // Its limits are not published.
  capacity: { name: 'EvoLinkCapacity', countedBy: 'provider' },
};

// Only the field we read: a new one must not break us.
const Created = z.object({ id: Ticket });

/** EvoLink's links to results work for 24 hours. */
const retentionMs = 24 * 60 * 60 * 1000;

/**
 * EvoLink's gateway. It deduplicates submits by their idempotency key, sends unsigned webhooks, and cannot
 * cancel a job.
 */
export function evolink(access: Access): Provider {
  const { postOnce, get, pollSignal } = upstream('Bearer', access);

  return {
    idempotent: true,
    supportsWebhook: true,
    retentionMs,

    async submit(job) {
      const response = await postOnce(
        '/v1/images/generations',
        { 'Idempotency-Key': idempotencyKeyOf(job) },
        toBody(job),
      );
      const details = parseError(response);
      const line = formatForLog(response, details);
      if (!response.ok) throw rejectionError(classify(response.status, details.code), line);
      const created = Created.safeParse(response.body);
      if (!created.success) throw new SubmitUnknown(`submit ${line}, but no task id`);
      return created.data.id;
    },

    async poll(ticket, deadlineMs) {
      const response = await get(`/v1/tasks/${encodeURIComponent(ticket)}`, pollSignal(deadlineMs));
      const details = parseError(response);
      if (isJobLost(response, details)) return failed(reasons.jobLost);
      const polled = Polled.safeParse(response.body);
      if (!response.ok || !polled.success) throw unansweredPoll('poll', response, details);
      return toProgress(polled.data, details);
    },
  };
}

// The same for every try of a task. EvoLink allows 16 to 96 characters of A-Za-z0-9._-
const idempotencyKeyOf = ({ taskId }: Job): string => `darkroom.${taskId}`;

// EvoLink's page of wan2.5 names no options. These are the names in its text-to-image page and in its
// upstream: a field that it does not know is passed on or ignored, while an option that we left out would
// be lost for sure. Options that the caller did not set stay undefined, and JSON leaves them out. EvoLink rejects a job
// whose webhook URL is too long. Without the URL the job is accepted, and polling finds its result.
const toBody = ({ model, prompt, images, n, options, webhookUrl }: Job) => ({
  model,
  prompt,
  image_urls: images,
  n, // always: the default is not documented, and each image is paid for
  callback_url: webhookUrl && webhookUrl.length <= maxUrlLength ? webhookUrl : undefined,
  size: options.size?.replace('*', 'x'),
  seed: options.seed,
  negative_prompt: options.negativePrompt,
  prompt_extend: options.promptExtend,
  watermark: options.watermark,
});

// Only EvoLink's own client mentions `cancelled`. An unknown status is a parse error, not progress.
const Polled = z.object({
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled']),
  results: z.array(z.string().min(1)).nullish(),
});

/** What the response to a poll says about the job; `details` are those of its `error`. */
function toProgress({ status, results }: z.infer<typeof Polled>, details: ErrorDetails): Progress {
  switch (status) {
    case 'pending':
      return { state: 'queued' };
    case 'processing':
      return { state: 'running' };
    case 'completed':
      // There may be fewer than were requested: those that failed are not listed.
      return finished((results ?? []).map((url) => ({ url })));
    case 'failed':
      return failed(failureOf(details.code ?? ''));
    case 'cancelled':
      return failed(reasons.cancelled);
    default:
      return status satisfies never;
  }
}

/** The job does not exist there, or not any more. */
const isJobLost = (response: UpstreamResponse, details: ErrorDetails): boolean =>
  isUnknownJob(response, details) || details.code === 'invalid_task_id';

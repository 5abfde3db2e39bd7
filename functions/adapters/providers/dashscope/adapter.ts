import * as z from 'zod';
import type { Job, Progress, Provider } from '../../../domain/model/provider.ts';
import type { GeneratedImage } from '../../../domain/model/task.ts';
import { SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { rejectionError } from '../error-table.ts';
import type { ProviderAdapter } from '../provider-adapter.ts';
import {
  type Access,
  formatForLog,
  isUnknownJob,
  Ticket,
  unansweredPoll,
  upstream,
} from '../upstream.ts';
import { classify, failureOf, parseError } from './errors.ts';

export const dashscopeAdapter: ProviderAdapter = {
  createClient: dashscope,
  url: {
    name: 'DashScopeUrl',
    // An API key works only in its own region.
    description: 'Where DashScope is: Singapore, Beijing or the host of a workspace',
    default: 'https://dashscope-intl.aliyuncs.com',
  },
  capacity: {
    name: 'DashScopeCapacity',
    // The vendor's limits of an account, for each model. What is above them waits at DashScope.
    default: { running: 5, submitsPerSecond: 5, ahead: 1 },
    countedBy: 'model',
  },
};

// Only the field we read: a new one must not break us.
const Created = z.object({ output: z.object({ task_id: Ticket }) });

/** DashScope keeps the ids of jobs and the links to results for 24 hours. */
const retentionMs = 24 * 60 * 60 * 1000;

/** Alibaba's Model Studio, which bills every image it makes and has no idempotency key. */
export function dashscope(access: Access): Provider {
  const { postOnce, get, cancel, pollSignal } = upstream('Bearer', access);

  return {
    retentionMs,

    async submit(job) {
      const response = await postOnce(
        '/api/v1/services/aigc/image2image/image-synthesis',
        { 'X-DashScope-Async': 'enable' },
        toBody(job),
      );
      const details = parseError(response);
      const line = formatForLog(response, details);
      if (!response.ok) throw rejectionError(classify(response.status, details.code), line);
      const created = Created.safeParse(response.body);
      if (!created.success) throw new SubmitUnknown(`submit ${line}, but no task id`);
      return created.data.output.task_id;
    },

    async poll(ticket, deadlineMs) {
      const response = await get(taskPath(ticket), pollSignal(deadlineMs));
      const details = parseError(response);
      if (isUnknownJob(response, details)) return failed(reasons.jobLost);
      const polled = Polled.safeParse(response.body);
      if (!response.ok || !polled.success) {
        throw unansweredPoll('poll', response, details);
      }
      return toProgress(polled.data);
    },

    // DashScope cancels only a job that has not begun.
    cancel: (ticket, deadlineMs) =>
      cancel(`${taskPath(ticket)}/cancel`, 'POST', 'cancelled', deadlineMs),
  };
}

const taskPath = (ticket: string): string => `/api/v1/tasks/${encodeURIComponent(ticket)}`;

// Options that the caller did not set stay undefined, and JSON leaves them out.
const toBody = ({ model, prompt, images, n, options }: Job) => ({
  model,
  input: { prompt, images, negative_prompt: options.negativePrompt },
  parameters: {
    n, // always: the default is 4, and each image is paid for
    size: options.size?.replace('x', '*'),
    seed: options.seed,
    prompt_extend: options.promptExtend,
    watermark: options.watermark,
  },
});

// Only the fields we read: a new field must not break us. A new status is a parse error, since we do not
// know what it means.
const Result = z.object({ url: z.string().nullish(), code: z.string().nullish() });

const Polled = z.object({
  output: z.object({
    task_status: z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN']),
    code: z.string().nullish(),
    results: z.array(Result).nullish(),
  }),
});

/** What the response to a poll says about the job. */
function toProgress({ output }: z.infer<typeof Polled>): Progress {
  switch (output.task_status) {
    case 'PENDING':
      return { state: 'queued' };
    case 'RUNNING':
      return { state: 'running' };
    case 'SUCCEEDED':
      return finished((output.results ?? []).map(toGeneratedImage));
    case 'FAILED':
      return failed(failureOf(output.code ?? ''));
    case 'CANCELED':
      return failed(reasons.cancelled);
    case 'UNKNOWN':
      return failed(reasons.jobLost);
    default:
      return output.task_status satisfies never;
  }
}

const toGeneratedImage = ({ url, code }: z.infer<typeof Result>): GeneratedImage =>
  url ? { url: overTls(url) } : failureOf(code ?? '');

// DashScope writes http links, and the hosts serve https too. The query is signed, so nothing else of a
// link may change.
const overTls = (link: string) =>
  link.replace(/^http:(?=\/\/[\w.-]+\.aliyuncs\.com(?:[/?]|$))/i, 'https:');

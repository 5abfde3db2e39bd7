import * as z from 'zod';
import type { Job, Provider } from '../../../domain/model/provider.ts';
import { SubmitUnknown } from '../../../domain/model/workflow-errors.ts';
import { failed, reasons } from '../../../domain/providers/reasons.ts';
import { rejectionError } from '../error-table.ts';
import {
  type Access,
  formatForLog,
  isUnknownJob,
  Ticket,
  unansweredPoll,
  upstream,
} from '../upstream.ts';
import { classify, parseError } from './errors.ts';
import { Polled, toProgress } from './progress.ts';

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

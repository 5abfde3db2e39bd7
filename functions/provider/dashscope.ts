import * as z from 'zod';
import { ProviderBusy, SubmitUnknown } from '../task/failures.ts';
import type { Job, Provider } from '../task/provider.ts';
import { refusalOf } from './dashscope-errors.ts';
import { Polled, toProgress } from './dashscope-progress.ts';
import { refusalError } from './error-table.ts';
import { failed } from './progress.ts';
import { reasons } from './reasons.ts';
import {
  type Access,
  type Answer,
  ErrorCode,
  lineOf,
  notCalledBack,
  RequestId,
  upstream,
  type Words,
} from './upstream.ts';

// Only the fields we read: an upstream that adds one must not break us.
const Created = z.object({ output: z.object({ task_id: z.string().min(1) }) });
const Refused = z.object({ code: ErrorCode, request_id: RequestId });

/** Alibaba's Model Studio, which bills every image it makes and knows no idempotency key. */
export function dashscope(access: Access): Provider {
  const { order, ask } = upstream('Bearer', access);

  return {
    async submit(job) {
      const answer = await order('/api/v1/services/aigc/image2image/image-synthesis', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-DashScope-Async': 'enable' },
        body: JSON.stringify(toBody(job)),
      });
      const words = wordsOf(answer);
      const line = lineOf(answer, words);
      if (!answer.ok) throw refusalError(refusalOf(answer.status, words.code), line);
      const created = Created.safeParse(answer.body);
      if (!created.success) throw new SubmitUnknown(`submit ${line}, but no task id`);
      return created.data.output.task_id;
    },

    async poll(ticket) {
      const answer = await ask(`/api/v1/tasks/${encodeURIComponent(ticket)}`);
      if (answer.status === 404 || answer.status === 410) return failed(reasons.forgotten);
      const polled = Polled.safeParse(answer.body);
      if (!answer.ok || !polled.success) {
        // Also a refused key: the job goes on without us, and the key may come back before its deadline.
        throw new ProviderBusy(`poll ${lineOf(answer, wordsOf(answer))}`);
      }
      return toProgress(polled.data);
    },

    // Only a job that has not begun can be called back; any other answer is no.
    async cancel(ticket) {
      const path = `/api/v1/tasks/${encodeURIComponent(ticket)}/cancel`;
      const { ok } = await ask(path, { method: 'POST' }).catch(notCalledBack);
      return ok;
    },
  };
}

function wordsOf({ body }: Answer): Words {
  const { code, request_id: requestId } = Refused.safeParse(body).data ?? {};
  return { code, requestId: requestId ?? undefined };
}

// Fields that were not asked for stay undefined, which JSON leaves out.
const toBody = ({ prompt, images, n, options }: Job) => ({
  model: 'wan2.5-i2i-preview',
  input: { prompt, images, negative_prompt: options.negativePrompt },
  parameters: {
    n, // always: its default is 4, and each one is paid for
    size: options.size?.replace('x', '*'),
    seed: options.seed,
    prompt_extend: options.promptExtend,
    watermark: options.watermark,
  },
});

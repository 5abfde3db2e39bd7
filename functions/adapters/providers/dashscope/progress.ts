import * as z from 'zod';
import type { Progress } from '../../../domain/model/provider.ts';
import type { GeneratedImage } from '../../../domain/model/task.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { failureOf } from './errors.ts';

// Only the fields we read: a new field must not break us. A new status is a parse error, since we do not
// know what it means.
const Result = z.object({ url: z.string().nullish(), code: z.string().nullish() });

export const Polled = z.object({
  output: z.object({
    task_status: z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN']),
    code: z.string().nullish(),
    results: z.array(Result).nullish(),
  }),
});

/** What the response to a poll says about the job. */
export function toProgress({ output }: z.infer<typeof Polled>): Progress {
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

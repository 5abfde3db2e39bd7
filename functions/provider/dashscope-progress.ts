import * as z from 'zod';
import type { Progress } from '../task/provider.ts';
import type { Painted } from '../task/task.ts';
import { failureOf } from './dashscope-errors.ts';
import { failed, finished } from './progress.ts';
import { reasons } from './reasons.ts';

// Only the fields we read, so that a new one does not break us; a new status does, as nobody knows what it means.
const Result = z.object({ url: z.string().nullish(), code: z.string().nullish() });

export const Polled = z.object({
  output: z.object({
    task_status: z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN']),
    code: z.string().nullish(),
    results: z.array(Result).nullish(),
  }),
});

/** What an answer to a poll says about the job. */
export function toProgress({ output }: z.infer<typeof Polled>): Progress {
  switch (output.task_status) {
    case 'PENDING':
      return { state: 'queued' };
    case 'RUNNING':
      return { state: 'running' };
    case 'SUCCEEDED':
      return finished((output.results ?? []).map(toPainted));
    case 'FAILED':
      return failed(failureOf(output.code ?? ''));
    case 'CANCELED':
      return failed(reasons.cancelled);
    case 'UNKNOWN':
      return failed(reasons.forgotten);
    default:
      return output.task_status satisfies never;
  }
}

const toPainted = ({ url, code }: z.infer<typeof Result>): Painted =>
  url ? { url: overTls(url) } : failureOf(code ?? '');

// DashScope writes http links whose host serves both. Their query is signed: not a byte may change.
const overTls = (link: string) =>
  link.replace(/^http:(?=\/\/[\w.-]+\.aliyuncs\.com(?:[/?]|$))/i, 'https:');

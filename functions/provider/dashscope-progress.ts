import * as z from 'zod';
import type { Progress } from '../task/provider.ts';
import type { Failure, Painted } from '../task/task.ts';
import { failureOf } from './dashscope-errors.ts';

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
      return toFinished((output.results ?? []).map(toPainted));
    case 'FAILED':
      return failed(failureOf(output.code ?? ''));
    case 'CANCELED':
      return cancelled;
    case 'UNKNOWN':
      return forgotten;
    default:
      return output.task_status satisfies never;
  }
}

const toPainted = ({ url, code }: z.infer<typeof Result>): Painted =>
  url ? { url: overTls(url) } : failureOf(code ?? '');

// DashScope writes http links whose host serves both. Their query is signed: not a byte may change.
const overTls = (link: string) =>
  link.replace(/^http:(?=\/\/[\w.-]+\.aliyuncs\.com(?:[/?]|$))/i, 'https:');

function toFinished(images: readonly Painted[]): Progress {
  if (images.some((image) => 'url' in image)) return { state: 'succeeded', images };
  return failed(images.find((image) => 'code' in image) ?? empty);
}

const failed = (failure: Failure): Progress => ({ state: 'failed', failure });

const cancelled = failed({
  code: 'request_cancelled',
  message: 'The task was cancelled before it was done. Submit it again if it is still wanted.',
});

/** The job does not exist there, or not any more: tickets live for a day. */
export const forgotten = failed({
  code: 'unknown_error',
  message: 'The model lost the task. Try again.',
});

const empty: Failure = {
  code: 'generation_failed_no_content',
  message: 'The model made no image. Try another prompt or picture.',
};

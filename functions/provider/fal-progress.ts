import * as z from 'zod';
import type { Failure, Painted } from '../task/task.ts';
import { refusalOf } from './fal-errors.ts';
import { reasons } from './reasons.ts';
import type { Answer, Words } from './upstream.ts';

// Only the fields we read; a status nobody knows is an error, not progress.
export const Status = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  /** Of a request that is completed and has failed. */
  error: z.unknown().optional(),
  error_type: z.string().nullish(),
});

export const Result = z.object({
  images: z.array(z.object({ url: z.string().nullish() })).nullish(),
});

// A refused key and too many questions are ours, and say nothing about the job.
const isOurs = (status: number): boolean => [401, 403, 429].includes(status);

/**
 * Why a completed request has no result, where the answer says so: the queue repeats what the model
 * said to it. `undefined`: nothing was said about the job.
 */
export function failureIn(
  answer: Answer,
  words: Words,
  { error, error_type }: z.infer<typeof Status>,
): Failure | undefined {
  const said = isOurs(answer.status) ? undefined : words.code;
  const code = said ?? error_type ?? (error ? 'unnamed' : undefined);
  const isInputAtFault = answer.status === 400 || answer.status === 422;
  return code === undefined && !isInputAtFault ? undefined : refusalOf(answer.status, code).failure;
}

// fal copies what its models made to its own hosts; anything else in an answer is not fetched.
const hosts = [
  /^https:\/\/([\w-]+\.)*fal\.(media|ai|run)\//,
  /^https:\/\/storage\.googleapis\.com\/falserverless\//,
];

/** The images of a result; `origin` is the upstream itself, which is its own host on a laptop. */
export function toImages({ images }: z.infer<typeof Result>, origin: string): readonly Painted[] {
  const isKnown = (url: string) =>
    url.startsWith(`${origin}/`) || hosts.some((host) => host.test(url));
  return (images ?? []).map(({ url }) =>
    url && isKnown(url) ? { url } : url ? reasons.crashed : reasons.empty,
  );
}

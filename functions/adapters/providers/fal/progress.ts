import * as z from 'zod';
import type { Failure, GeneratedImage } from '../../../domain/model/task.ts';
import { reasons } from '../../../domain/providers/reasons.ts';
import type { ErrorDetails, UpstreamResponse } from '../upstream.ts';
import { classify } from './errors.ts';

// Only the fields we read. An unknown status is a parse error, not progress.
export const Status = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  /** The error of a request that is completed because it failed. */
  error: z.unknown().optional(),
  error_type: z.string().nullish(),
});

export const Result = z.object({
  images: z.array(z.object({ url: z.string().nullish() })).nullish(),
});

// A rejected key and a rate limit are about us, and say nothing about the job.
const isAboutUs = (status: number): boolean => [401, 403, 429].includes(status);

/**
 * Why a completed request has no result: the queue passes on the model's error. `undefined` when the
 * response says nothing about the job.
 */
export function failureIn(
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
export function toImages(
  { images }: z.infer<typeof Result>,
  base: string,
): readonly GeneratedImage[] {
  const isOfFal = (url: string) =>
    url.startsWith(`${base}/`) || falHosts.some((host) => host.test(url));
  return (images ?? []).map(({ url }) => {
    if (!url) return reasons.empty;
    return isOfFal(url) ? { url } : reasons.crashed;
  });
}

import { imagesOf, type Job } from './jobs.ts';
import { ProviderError } from './provider-error.ts';
import { resultLifetimeMs } from './result-files.ts';
import type { OwnRoute, ServerContext } from './route.ts';

/** Public links to the images of a job. */
export const resultLink =
  ({ links, now, urlOf }: ServerContext, job: Job) =>
  (n: number): string => {
    const expiresAt = (job.finishedAt ?? now()) + resultLifetimeMs;
    return urlOf(links.to(`/results/${job.id}/${n}.png`, expiresAt));
  };

/** A generated image, for a link that is not older than 24 hours. */
export const sendResult: OwnRoute = async ({ jobs, links, results }, { path, query }, id, n) => {
  if (!links.isValid(path, query)) throw new ProviderError('AccessDenied', 'Request has expired.');
  const job = jobs.find(id);
  const found = job && imagesOf(job).find((image) => image.n === Number(n));
  const bytes = found && (await results.read(found.image));
  if (!bytes) throw new ProviderError('AccessDenied', 'There is no such picture.');
  return { kind: 'picture', type: 'image/png', bytes };
};

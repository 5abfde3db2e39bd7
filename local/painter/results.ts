import type { Call, Route, Studio } from './call.ts';
import { Refusal } from './codes.ts';
import { type Job, keptMilliseconds } from './jobs.ts';

/** A picture that was made, for whoever has a link of the last 24 hours. */
export const result: Route = ({ jobs, links }, { url }, id, n) => {
  if (!links.isValid(url)) throw new Refusal('AccessDenied', 'Request has expired.');
  const made = jobs.find(id)?.result;
  const item = made && 'items' in made ? made.items[Number(n) - 1] : undefined;
  if (!item || !('png' in item)) throw new Refusal('AccessDenied', 'There is no such picture.');
  return { kind: 'picture', type: 'image/png', bytes: item.png };
};

/** Links to the pictures of a job, at the address that its orderer knows. */
export const linkTo =
  ({ links, now }: Studio, { url }: Call, job: Job) =>
  (n: number): string => {
    const expiresAt = (job.finishedAt ?? now()) + keptMilliseconds;
    return new URL(links.to(`/results/${job.id}/${n}.png`, expiresAt), url).href;
  };

/** The pictures of a job that is over, with their number; none of one that has failed. */
export const picturesOf = ({ result: made }: Job) =>
  (made && 'items' in made ? made.items : []).flatMap((item, index) =>
    'png' in item ? [{ n: index + 1, png: item.png }] : [],
  );

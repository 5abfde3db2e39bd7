import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';
import type { SigningKeys } from '../model/signature.ts';
import { isValidLink } from '../wire/result-link.ts';
import type { ResultStore, TaskStore } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly results: Pick<ResultStore, 'link'>;
  readonly keys: SigningKeys;
  readonly now: Clock;
  /** How many days the bucket keeps a result. */
  readonly resultDays: number;
};

type LinkParams = {
  readonly taskId: string;
  readonly n: string;
  readonly expires: string;
  readonly signature: string;
};

const invalidLink =
  'This link is not valid or no longer: ask for the task again: the response has fresh links.';

const dayMs = 24 * 60 * 60 * 1000;
const expired = (days: number): string =>
  `This picture was deleted ${days} days after the task had ended. Create the task again to get another one.`;

/**
 * The picture of a result link, as a link to the bucket that works for some minutes.
 * @throws {Problem} `permission_denied`, which does not say what is wrong with the link; `result_expired` when the
 *   bucket has deleted the picture
 */
export const getResult =
  ({ tasks, results, keys, now, resultDays }: Deps) =>
  async ({ taskId, n, expires, signature }: LinkParams): Promise<string> => {
    const link = { taskId, n: Number(n), expires: Number(expires) };
    const valid = await isValidLink(keys, link, signature, now());
    const task = valid ? await tasks.find(taskId) : undefined;
    const completed = task?.status === 'completed' ? task : undefined;
    const image = completed?.images[link.n - 1];
    if (!completed || !image) throw new Problem('permission_denied', invalidLink);
    // The bucket counts from when the picture was stored, and deletes it at the end of that day.
    if (now() >= completed.finishedAt + resultDays * dayMs) {
      throw new Problem('result_expired', expired(resultDays));
    }
    return results.link(image, `${taskId}-${link.n}`);
  };

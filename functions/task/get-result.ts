import type { Clock, Results, Tasks } from './ports.ts';
import { Problem } from './problem.ts';
import { isValidLink } from './result-link.ts';
import type { SigningKeys } from './signature.ts';

type Needs = {
  readonly tasks: Pick<Tasks, 'find'>;
  readonly results: Pick<Results, 'link'>;
  readonly keys: SigningKeys;
  readonly now: Clock;
};

type Asked = {
  readonly taskId: string;
  readonly n: string;
  readonly expires: string;
  readonly signature: string;
};

const refused =
  'This link is not valid or no longer: ask for the task again, its answer carries fresh links.';

/**
 * Where the picture behind a result link lies now: a link that works for some minutes.
 * @throws {Problem} `permission_denied` without telling what is wrong with the link
 */
export const getResult =
  ({ tasks, results, keys, now }: Needs) =>
  async ({ taskId, n, expires, signature }: Asked): Promise<string> => {
    const link = { taskId, n: Number(n), expires: Number(expires) };
    const valid = await isValidLink(keys, link, signature, now());
    const task = valid ? await tasks.find(taskId) : undefined;
    const image = task?.status === 'completed' ? task.images[link.n - 1] : undefined;
    if (!image) throw new Problem('permission_denied', refused);
    return results.link(image, `${taskId}-${link.n}`);
  };

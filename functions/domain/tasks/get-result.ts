import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';
import type { SigningKeys } from '../model/signature.ts';
import type { TaskRecord } from '../model/task.ts';
import { type Delivery, deliver } from '../wire/deliver-picture.ts';
import { isValidLink } from '../wire/result-link.ts';
import type { ResultStore, TaskStore } from './ports.ts';
import { expiryOf } from './retention.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'findRecord'>;
  readonly results: Pick<ResultStore, 'link' | 'read'>;
  readonly keys: SigningKeys;
  readonly now: Clock;
  /** How many days tasks and their results are kept after the end of the task. */
  readonly retentionDays: number;
};

type LinkParams = {
  readonly taskId: string;
  readonly n: string;
  readonly expires: string;
  readonly signature: string;
};

const invalidLink =
  'This link is not valid, or not any more: read the task again to get fresh links.';

const deleted = 'This picture was deleted, together with its task.';

export const resultExpired = (days: number): Problem =>
  new Problem(
    'result_expired',
    `This picture was deleted ${days} days after the task had ended. Create the task again to get another one.`,
  );

/**
 * The picture of a result link.
 * @throws {Problem} `permission_denied`, which does not say what is wrong with the link; `result_expired` when the
 *   bucket has deleted the picture, or the caller its task; `picture_too_large`
 */
export const getResult =
  ({ tasks, results, keys, now, retentionDays }: Deps) =>
  async ({ taskId, n, expires, signature }: LinkParams, delivery: Delivery) => {
    const link = { taskId, n: Number(n), expires: Number(expires) };
    const isValid = await isValidLink(keys, link, signature, now());
    const { image, finishedAt } = resultOf(
      isValid ? await tasks.findRecord(taskId) : undefined,
      link.n,
    );
    // The bucket deletes the picture a little later: it counts from when the picture was stored, to the end of a day.
    if (now() >= expiryOf(finishedAt, retentionDays)) {
      throw resultExpired(retentionDays);
    }
    const name = `${taskId}-${link.n}`;
    return deliver(delivery, {
      ...image,
      filename: `${name}.${image.contentType.split('/')[1]}`,
      link: () => results.link(image, name),
      read: () => results.read(image),
    });
  };

function resultOf(record: TaskRecord | undefined, n: number) {
  if (record?.status === 'deleted') throw new Problem('result_expired', deleted);
  const image = record?.status === 'completed' ? record.images[n - 1] : undefined;
  if (record?.status !== 'completed' || !image) throw new Problem('permission_denied', invalidLink);
  return { image, finishedAt: record.finishedAt };
}

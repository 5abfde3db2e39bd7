import { usualSeconds } from './models.ts';
import type { Clock } from './ports.ts';
import { linkValidForMs, resultLink } from './result-link.ts';
import type { Task } from './task.ts';
import { taskView } from './view.ts';

type Needs = {
  readonly baseUrl: string;
  readonly secret: () => Promise<string>;
  readonly now: Clock;
  readonly usual?: string | undefined;
};

/** What a callback says: how the telling goes is no news for who is told. */
export const withoutCallback = <T extends { readonly callback?: unknown }>({
  callback: _,
  ...body
}: T) => body;

/** The task as its caller gets it, with fresh links to its results: the read answer and the callback. */
export const answerAbout =
  ({ baseUrl, secret, now, usual }: Needs) =>
  async (task: Task) => {
    const signing = task.status === 'completed' ? await secret() : '';
    const expires = Math.floor((now() + linkValidForMs) / 1000);
    return taskView(task, {
      now: now(),
      usualSeconds: usualSeconds(task.model, usual),
      resultLink: (n) => resultLink(baseUrl, signing, { taskId: task.id, n, expires }),
    });
  };

import { pageView, placeCursor } from './cursor.ts';
import type { History } from './history.ts';
import type { ListRequest } from './list-request.ts';
import type { Clock } from './ports.ts';
import { summaryView } from './view.ts';

type Needs = {
  readonly history: Pick<History, 'list'>;
  readonly now: Clock;
  readonly usualSeconds: (model: string) => number;
};

/** An account's tasks, the newest first, a page at a time and without links to results. */
export const listTasks =
  ({ history, now, usualSeconds }: Needs) =>
  async (request: ListRequest, account: string) => {
    const { limit, cursor, status, model, created_after, created_before } = request;
    const { tasks, next } = await history.list(account, {
      ...{ limit, status, model, behind: cursor },
      from: created_after === undefined ? undefined : created_after * 1000,
      to: created_before === undefined ? undefined : created_before * 1000 - 1,
    });
    return pageView(
      tasks.map((task) => summaryView(task, now(), usualSeconds(task.model))),
      next && placeCursor(next),
    );
  };

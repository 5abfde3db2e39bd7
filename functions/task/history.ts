import type { Place } from './cursor.ts';
import type { Status, Summary, Task } from './task.ts';

/** Looking through the tasks there are. */
export type History = {
  /** An account's tasks, the newest first. `next` is where it goes on, if it does. */
  list(account: string, wish: Wish): Promise<Page>;
  /** The tasks with these ids (at most 100), in any order; what is not there is absent. */
  findAll(ids: readonly string[]): Promise<readonly Task[]>;
};

export type Wish = {
  readonly limit: number;
  readonly behind?: Place | undefined;
  readonly status?: Status | undefined;
  readonly model?: string | undefined;
  /** Both inclusive, in milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type Page = { readonly tasks: readonly Summary[]; readonly next?: Place | undefined };

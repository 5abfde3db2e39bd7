import type { ListedTask } from './answers.ts';
import { type Column, number, past, words } from './table.ts';

export const taskColumns: readonly Column<ListedTask>[] = [
  words('id', ({ id }) => id),
  words('status', ({ status }) => status),
  past('age', ({ created_at }) => created_at),
  {
    ...number('took', ({ duration }) => duration),
    cell: ({ duration }) =>
      typeof duration === 'number' ? `${Math.round(duration)} s` : undefined,
  },
  number('images', ({ result_count }) => result_count),
  number('credits', ({ credits_used }) => credits_used),
];

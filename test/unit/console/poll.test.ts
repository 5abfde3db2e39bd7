import { expect, test } from 'vitest';
import { pollMsOf } from '../../../console/api/poll.ts';

test('a list that shows more pages polls less often, and one that shows many pages does not poll at all', () => {
  expect([0, 1, 2, 3].map((pages) => pollMsOf(pages, 3000))).toEqual([3000, 3000, 6000, 9000]);
  expect([4, 40].map((pages) => pollMsOf(pages, 3000))).toEqual([false, false]);
});

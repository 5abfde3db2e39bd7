import { expect, test } from 'vitest';
import { turnsOf } from '../../../console/screens/create/turns.ts';

test('of two that are on their way to one place the later one has it, whichever arrives first', () => {
  const turns = turnsOf(2);
  const slow = turns.take(0);
  const fast = turns.take(0);
  const beside = turns.take(1);

  expect([slow(), fast(), beside()]).toEqual([false, true, true]);
});

test('when all places are emptied, nothing that is on its way arrives', () => {
  const turns = turnsOf(2);
  const waiting = [turns.take(0), turns.take(1)];
  turns.takeAll();

  expect(waiting.map((isLatest) => isLatest())).toEqual([false, false]);
  expect(turns.take(1)()).toBe(true);
});

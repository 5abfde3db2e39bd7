import { expect, test } from 'vitest';
import { turnsOf } from '../../../console/screens/create/turns.ts';

test('of two pictures that are read for one place the later choice wins, whichever is read first', () => {
  const turns = turnsOf();
  const slow = turns.take(0);
  const fast = turns.take(0);
  const beside = turns.take(1);

  expect([slow(), fast(), beside()]).toEqual([false, true, true]);
});

test('when all places are emptied, no picture that is still being read is put there', () => {
  const turns = turnsOf();
  const waiting = [turns.take(0), turns.take(1)];
  turns.takeAll();

  expect(waiting.map((isLatest) => isLatest())).toEqual([false, false]);
  expect(turns.take(1)()).toBe(true);
});

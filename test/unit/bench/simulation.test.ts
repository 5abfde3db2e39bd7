import { expect, test } from 'vitest';
import { simulateBusyAccount } from '../../../bench/simulation/busy-account.ts';
import { createClock, type Process } from '../../../bench/simulation/clock.ts';
import {
  type Action,
  type Item,
  newItem,
  simulateDynamoDb,
} from '../../../bench/simulation/dynamodb.ts';
import { simulateShardedLedger } from '../../../bench/simulation/sharded-ledger.ts';

test('processes run in the order of their times, and a process that waits beyond the end of a run continues in the next one', () => {
  const clock = createClock();
  const seen: string[] = [];
  function* wait(name: string, milliseconds: number): Process {
    yield milliseconds;
    seen.push(`${name} at ${clock.now()}`);
  }
  clock.start(wait('late', 30));
  clock.start(wait('second', 20));
  clock.start(wait('first', 10));

  clock.runUntil(25);
  expect(seen).toEqual(['first at 10', 'second at 20']);
  clock.runUntil(30);
  expect(seen.at(-1)).toBe('late at 30');
});

const write = (item: Item, written: string[], name: string): Action => ({
  item,
  units: 2,
  condition: () => true,
  apply: () => written.push(name),
});

test('of two transactions that have an item at the same time, the second is in conflict and writes nothing', () => {
  const clock = createClock();
  const { transaction } = simulateDynamoDb({ clock, random: () => 0.5, slowness: 1 });
  const [shared, other] = [newItem(), newItem()];
  const written: string[] = [];
  const outcomes: string[] = [];
  function* run(actions: readonly Action[]): Process {
    outcomes.push(yield* transaction(actions));
  }

  clock.start(run([write(shared, written, 'first')]));
  clock.start(run([write(other, written, 'other'), write(shared, written, 'second')]));
  clock.runUntil(1000);
  clock.start(run([write(shared, written, 'third')]));
  clock.runUntil(2000);

  expect(written).toEqual(['first', 'third']);
  expect(outcomes.toSorted()).toEqual(['transactionConflict', 'written', 'written']);
});

test('a partition takes 1,000 write units a second', () => {
  const clock = createClock();
  const { transaction } = simulateDynamoDb({ clock, random: () => 0, slowness: 1 });
  const { partition } = newItem();
  const outcomes: string[] = [];
  function* run(): Process {
    outcomes.push(yield* transaction([write(newItem(partition), [], 'any')]));
  }

  for (let count = 0; count < 600; count += 1) clock.start(run());
  clock.runUntil(1000);

  expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(500);
});

test('one account takes 300 tasks a second: none is given up, and 99 of 100 are created within 0.2 s', () => {
  const options = { ledger: simulateShardedLedger, tasksPerSecond: 300, slowness: 1 };

  const { done, givenUp, createP99 } = simulateBusyAccount(options);

  expect(done).toBeGreaterThan(290);
  expect(givenUp).toBe(0);
  expect(createP99).toBeLessThan(200);
});

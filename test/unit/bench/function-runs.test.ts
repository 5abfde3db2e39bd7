import { expect, test } from 'vitest';
import { runsOf } from '../../../bench/function-runs.ts';
import { internetTimeOf, lastPoll } from '../../../bench/internet-time.ts';
import type { TimedEvent } from '../../../bench/task-timeline.ts';

const event = (at: number, type: string, state: string): TimedEvent => ({
  execution: 'one',
  type,
  state,
  at,
});

/** A poll that finds nothing, takes 10 ms, and is followed by the next one. */
const poll = (at: number) => [
  event(at, 'TaskStarted', 'PollTask'),
  event(at + 10, 'TaskSubmitted', 'PollTask'),
  event(at + 400, 'TaskTimedOut', 'PollTask'),
];

test('the last poll, which settles and notifies, counts for itself, in the memory of the same function', () => {
  const history = [
    ...poll(0),
    ...poll(1000),
    event(2000, 'TaskStarted', 'PollTask'),
    event(2090, 'TaskSucceeded', 'PollTask'),
  ];

  expect(runsOf([history, history])).toEqual([
    {
      state: 'PollTask',
      count: 4,
      internetMs: internetTimeOf('PollTask'),
      typicalMs: 10 + internetTimeOf('PollTask'),
    },
    {
      state: 'PollTask',
      count: 2,
      internetMs: internetTimeOf(lastPoll),
      typicalMs: 90 + internetTimeOf(lastPoll),
    },
  ]);
  expect(internetTimeOf(lastPoll)).toBe(
    internetTimeOf('PollTask') + internetTimeOf('SettleTask') + internetTimeOf('NotifyCaller'),
  );
});

test('the polls of a job poller, whose functions have no token, are all alike', () => {
  const history = [0, 1000].flatMap((at) => [
    event(at, 'LambdaFunctionStarted', 'PollTask'),
    event(at + 20, 'LambdaFunctionSucceeded', 'PollTask'),
  ]);

  expect(runsOf([history])).toMatchObject([
    { state: 'PollTask', count: 2, typicalMs: 20 + internetTimeOf('PollTask') },
  ]);
});

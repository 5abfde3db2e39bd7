import { expect, test } from 'vitest';
import { type TimedEvent, timelineOf } from '../../../bench/task-timeline.ts';

// Seconds of real time; the simulated time runs ten times as fast.
const at = (seconds: number, type: string, state: string, error?: string): TimedEvent => ({
  execution: 'one',
  type,
  state,
  error,
  at: seconds * 1000,
});
const ends = { submittedAt: 0, finishedAt: 2600, callbackAt: 3200, speed: 10 };

const polled = [
  at(0, 'TaskStateEntered', 'SubmitTask'),
  at(0, 'LambdaFunctionScheduled', 'SubmitTask'),
  at(0, 'TaskStateEntered', 'PollTask'),
  at(0, 'TaskScheduled', 'PollTask'),
  at(3, 'TaskTimedOut', 'PollTask', 'States.Timeout'),
  at(3, 'TaskStateEntered', 'PollTask'),
  at(3, 'TaskScheduled', 'PollTask'),
];

test('the detection is in simulated time, and the processing in real time', () => {
  expect(timelineOf(polled, ends)).toEqual({
    transitions: 3,
    providerMs: 26_000,
    detectionMs: 4000,
    processingMs: 200,
  });
});

test('a retry is a transition, as it is billed', () => {
  const retried = [...polled, at(3.1, 'TaskScheduled', 'PollTask')];

  expect(timelineOf(retried, ends).transitions).toBe(4);
});

test('Wait and Choice states are transitions, too', () => {
  const more = [at(0, 'WaitStateEntered', 'Wait'), at(0, 'ChoiceStateEntered', 'IsItDone')];

  expect(timelineOf([...more, ...polled], ends).transitions).toBe(5);
});

test('a task that was woken by a webhook has no detection time', () => {
  const woken = polled.map((event) =>
    event.type === 'TaskTimedOut' ? at(3, 'TaskFailed', 'PollTask', 'Woken') : event,
  );

  expect(timelineOf(woken, ends)).toMatchObject({ detectionMs: 0, processingMs: 600 });
});

test('a job that finishes during a poll has no detection time', () => {
  const late = { ...ends, finishedAt: 3050 };

  expect(timelineOf(polled, late)).toMatchObject({ detectionMs: 0, processingMs: 150 });
});

import { expect, test } from 'vitest';
import { journeyOf, type Seen } from '../../../bench/journey.ts';

// Seconds of the machine's clock; the laptop runs at ten times that.
const at = (seconds: number, type: string, state: string, error?: string): Seen => ({
  ...{ execution: 'one', type, state, error, at: seconds * 1000 },
});
const ends = { submittedAt: 0, finishedAt: 2600, toldAt: 3200, speed: 10 };

const asked = [
  at(0, 'TaskStateEntered', 'SubmitTask'),
  at(0, 'LambdaFunctionScheduled', 'SubmitTask'),
  at(0, 'TaskStateEntered', 'PollTask'),
  at(0, 'TaskScheduled', 'PollTask'),
  at(3, 'TaskTimedOut', 'PollTask', 'States.Timeout'),
  at(3, 'TaskStateEntered', 'PollTask'),
  at(3, 'TaskScheduled', 'PollTask'),
];

test('what nobody noticed is told in the time of the task, and work as it was', () => {
  expect(journeyOf(asked, ends)).toEqual({
    transitions: 3,
    providerMs: 26_000,
    unnoticedMs: 4000,
    workingMs: 200,
  });
});

test('a further try is a transition, as it is billed', () => {
  const retried = [...asked, at(3.1, 'TaskScheduled', 'PollTask')];

  expect(journeyOf(retried, ends).transitions).toBe(4);
});

test('states that do nothing are transitions too', () => {
  const more = [at(0, 'WaitStateEntered', 'Wait'), at(0, 'ChoiceStateEntered', 'IsItDone')];

  expect(journeyOf([...more, ...asked], ends).transitions).toBe(5);
});

test('who was called has waited for nothing: all of it was work', () => {
  const woken = asked.map((event) =>
    event.type === 'TaskTimedOut' ? at(3, 'TaskFailed', 'PollTask', 'Woken') : event,
  );

  expect(journeyOf(woken, ends)).toMatchObject({ unnoticedMs: 0, workingMs: 600 });
});

test('a job that ends while it is asked about has waited for nothing', () => {
  const late = { ...ends, finishedAt: 3050 };

  expect(journeyOf(asked, late)).toMatchObject({ unnoticedMs: 0, workingMs: 150 });
});

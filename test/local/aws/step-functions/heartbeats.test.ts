import { expect, test } from 'vitest';
import { newAttempt } from '../../../../local/aws/step-functions/attempt.ts';
import { lambdaCall } from '../../../../local/aws/step-functions/resource.ts';
import { runTask } from '../../../../local/aws/step-functions/run-task.ts';
import { lambdaArn, ok, waiting } from './local-step-functions.ts';

/** A clock that only the test moves. */
function manualTime() {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    after: (seconds: number, run: () => void) => {
      const timer = { at: now + seconds, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (seconds: number) => {
      now += seconds;
      for (const timer of timers) {
        if (timer.at <= now && timers.delete(timer)) timer.run();
      }
    },
    pending: () => timers.size,
  };
}

/** An attempt that waits for its token, with a heartbeat of 10 seconds. */
function begin(timeoutSeconds?: number) {
  const time = manualTime();
  const attempt = newAttempt();
  const call = lambdaCall(waiting.Resource, { FunctionName: lambdaArn });
  const end = runTask(
    { call, attempt, timeoutSeconds, heartbeatSeconds: 10 },
    { invoke: async () => ok(), timeScale: time, record: () => undefined },
  );
  return { time, attempt, end };
}

test('a state that sends heartbeats in time lasts for as long as it does', async () => {
  const { time, attempt, end } = begin();

  for (let beats = 0; beats < 100; beats += 1) {
    time.advance(9);
    attempt.heartbeat();
  }
  time.advance(9);
  attempt.succeed('alive');

  expect(await end).toBe('alive');
  expect(time.pending()).toBe(0);
});

test('a state fails as soon as its last heartbeat is too old', async () => {
  const { time, attempt, end } = begin();

  time.advance(9);
  attempt.heartbeat();
  time.advance(9);
  expect(attempt.isOver()).toBe(false);
  time.advance(1);

  await expect(end).rejects.toMatchObject({ name: 'States.HeartbeatTimeout' });
  expect(time.pending()).toBe(0);
});

test('heartbeats do not extend the timeout of the state', async () => {
  const { time, attempt, end } = begin(15);

  time.advance(9);
  attempt.heartbeat();
  time.advance(6);

  await expect(end).rejects.toMatchObject({ name: 'States.Timeout' });
});

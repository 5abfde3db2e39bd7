import * as z from 'zod';
import { newAttempt } from './attempt.ts';
import type { Task } from './definition.ts';
import type { Scope } from './paths.ts';
import { lambdaCall, waitsForToken } from './resource.ts';
import type { Run } from './run.ts';
import { runTask } from './run-task.ts';
import { outputOf, readParsed, selectInput } from './states.ts';

/** Runs one attempt of a Task. Returns the output of the state. */
export async function runTaskState(name: string, task: Task, scope: Scope, run: Run) {
  const { tokens, timeScale, invoke } = run.emulator;
  const token = waitsForToken(task.Resource) ? tokens.create() : undefined;
  const context = token ? { ...Object(scope.context), Task: { Token: token } } : scope.context;
  const selected = selectInput(task, { data: scope.data, context });
  const secondsAt = (path: Task['TimeoutSecondsPath']) =>
    path && readParsed(z.int().positive(), path, selected);
  const timeoutSeconds = secondsAt(task.TimeoutSecondsPath) ?? task.TimeoutSeconds;
  const heartbeatSeconds = secondsAt(task.HeartbeatSecondsPath) ?? task.HeartbeatSeconds;
  const call = lambdaCall(
    task.Resource,
    task.Parameters ? task.Parameters(selected) : selected.data,
  );
  const attempt = newAttempt();
  const abort = () => attempt.fail(run.signal.reason);
  run.signal.addEventListener('abort', abort);
  if (token) tokens.assign(token, attempt);
  try {
    const result = await runTask(
      { call, attempt, timeoutSeconds, heartbeatSeconds },
      {
        invoke: (functionArn, payload) => invoke(functionArn, payload, run.machineArn),
        timeScale,
        record: (type, details) => run.events.record(type, name, details),
      },
    );
    return outputOf(task, { data: scope.data, context }, result);
  } finally {
    run.signal.removeEventListener('abort', abort);
  }
}

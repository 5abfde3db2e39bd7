import type { Invoke, InvokeAnswer } from '../lambda/invoke-answer.ts';
import type { Attempt } from './attempt.ts';
import { lambdaFailure, TaskFailure, timeout } from './failure.ts';
import { neverSeconds, type Pace } from './pace.ts';
import type { Call } from './resource.ts';

export type Details = Readonly<Record<string, unknown>>;

type Work = {
  readonly call: Call;
  readonly attempt: Attempt;
  readonly timeoutSeconds: number | undefined;
};

type Needs = {
  readonly invoke: Invoke;
  readonly pace: Pace;
  readonly record: (type: string, details: Details) => void;
};

/** Makes the call of one attempt and stays with it until it ends, whoever ends it. */
export async function runTask({ call, attempt, timeoutSeconds }: Work, needs: Needs) {
  const tell = (what: string, details: Details = {}) =>
    needs.record(`${call.events}${what}`, { ...call.details, ...details });
  const callOff = needs.pace.after(timeoutSeconds ?? neverSeconds, () =>
    attempt.fail(new TaskFailure(timeout)),
  );
  tell('Scheduled', { ...call.scheduled, timeoutInSeconds: timeoutSeconds });
  tell('Started');
  const answered = (answer: InvokeAnswer) => {
    if (attempt.isOver()) return;
    if (!answer.ok) return attempt.fail(lambdaFailure(answer));
    const output = call.resultOf(answer.payload ?? null);
    if (!call.waitsForToken) return attempt.succeed(output);
    tell('Submitted', { output: JSON.stringify(output) });
  };
  needs
    .invoke(call.functionArn, call.payload)
    .then(answered, (error) => attempt.fail(asFailure(error)));
  try {
    const output = await attempt.result;
    tell('Succeeded', { output: JSON.stringify(output) });
    return output;
  } catch (error) {
    if (error instanceof TaskFailure) tell(...ending(error));
    throw error;
  } finally {
    callOff();
  }
}

const asFailure = (error: unknown) =>
  error instanceof TaskFailure
    ? error
    : new TaskFailure('Lambda.SdkClientException', error instanceof Error ? error.message : '');

const ending = ({ name, message }: TaskFailure): [string, Details] => [
  name === timeout ? 'TimedOut' : 'Failed',
  { error: name, cause: message || undefined },
];

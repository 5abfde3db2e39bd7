import { describe, expect, test } from 'vitest';
import type { ProviderName } from '../../../../functions/domain/model/catalogue.ts';
import {
  isEnded,
  type Pending,
  type SubmittedRequest,
  type WithRequest,
} from '../../../../functions/domain/model/task.ts';
import { SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { pending, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import { busy, context, jobRejected, operatorRejected, type Script } from './submit-context.ts';

// EvoLink recognises a job by its exact request; the others do not.
const timedOut = () => new SubmitUnknown('timed out');
const submittedRequest: SubmittedRequest = {
  images: ['https://old.example.com/1'],
  webhookUrl: 'https://a/b',
};
const locked = (provider: ProviderName, more: Partial<Pending> = {}) =>
  pending({ submitLockedAt: sampleTime, provider, ...more });
const availableProviders = async () => ['evolink', 'dashscope'] as const;
const outcomeUnknown = { name: 'TaskFailed', message: 'service_error' };

describe('a provider that deduplicates', () => {
  test('gets the same request at once when its response is unknown', async () => {
    const script = { evolink: [timedOut(), 'ticket-7'] };
    const { submit, find, submitted, signals } = context(pending(), script, { availableProviders });

    await submit();

    const [first, second] = submitted;
    expect(second).toEqual(first);
    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(signals).toEqual([]);
  });

  test('gets the stored request when the function crashed after it had acquired the lock', async () => {
    const task = locked('evolink', { submittedRequest });
    const { submit, find, submitted } = context(
      task,
      { evolink: ['ticket-7'] },
      { availableProviders },
    );

    expect(await submit()).toEqual({ waitSeconds: 80, pollSeconds: 60 });

    expect(submitted).toEqual([['evolink', expect.objectContaining(submittedRequest)]]);
    expect(await find()).toMatchObject({ ticket: 'ticket-7', typicalSeconds: 40 });
    expect(await find()).not.toHaveProperty('submittedRequest');
  });

  test('gets the same request, and returns the same ticket, when the ticket could not be written', async () => {
    const script = { evolink: ['ticket-7', 'ticket-7'] };
    const { deps, submit, find, submitted } = context(pending(), script, { availableProviders });
    const recordSubmitted = () => Promise.reject(new Error('throttled'));
    const tasks = { ...deps.tasks, recordSubmitted };
    await expect(submitTask({ ...deps, tasks })(sampleId)).rejects.toThrow('throttled');

    await submit();

    expect(submitted[1]).toEqual(submitted[0]);
    expect(await find()).toMatchObject({ status: 'processing', ticket: 'ticket-7' });
  });

  test('gets a new request after a clear rejection, since it did not store that job', async () => {
    const { submit, submitted } = context(
      pending(),
      { evolink: [busy(), 'ticket-7'] },
      { availableProviders },
    );
    await thrownBy(submit());

    await submit();

    expect(submitted[1]?.[1].images).not.toEqual(submitted[0]?.[1].images);
  });

  test.each([
    ['is busy', busy()],
    ['rejects the operator', operatorRejected()],
    ['gives no clear response either', timedOut()],
  ])('that %s says nothing about the first try: the outcome is unknown', async (_what, error) => {
    const script: Script = { evolink: [timedOut(), error], dashscope: ['ticket-8'] };
    const { submit, submittedTo, signals } = context(pending({ busyCount: 9 }), script, {
      availableProviders,
    });

    expect(await thrownBy(submit())).toMatchObject(outcomeUnknown);

    expect(submittedTo()).toEqual(['evolink', 'evolink']);
    expect(signals).toEqual([['unknown', sampleId]]);
  });

  test('that rejects the job rejects it for good: it would have rejected it the first time', async () => {
    const script = { evolink: [timedOut(), jobRejected()] };
    const { submit, signals } = context(pending(), script, { availableProviders });

    expect(await thrownBy(submit())).toMatchObject({ message: 'content_policy_violation' });

    expect(signals).toEqual([]);
  });

  test('gets the same request at the next try after an internal error', async () => {
    const bug = new TypeError('undefined is not a function');
    const script = { evolink: [timedOut(), bug, 'ticket-7'] };
    const { submit, submitted, find } = context(pending(), script, { availableProviders });
    expect(await thrownBy(submit())).toBe(bug);

    await submit();

    expect(submitted[2]).toEqual(submitted[0]);
    expect(await find()).toMatchObject({ ticket: 'ticket-7' });
  });
});

test.each<[string, WithRequest<Pending>]>([
  ['a job at a provider that is not idempotent', locked('dashscope')],
  ['a job without a stored request', locked('evolink')],
  [
    'a job of a model that left the catalogue',
    locked('evolink', { submittedRequest, model: 'wan1' }),
  ],
  ['a task that is cancelled', locked('evolink', { submittedRequest, cancelledAt: 1 })],
  ['a task that is late', locked('evolink', { submittedRequest, deadlineAt: sampleTime + 5000 })],
])('with a submit lock and no ticket, %s is not submitted again', async (_what, task) => {
  const { submit, submitted, signals } = context(
    task,
    { dashscope: ['t'], evolink: ['t'] },
    { availableProviders },
  );

  expect(await thrownBy(submit())).toMatchObject(outcomeUnknown);

  expect(submitted).toEqual([]);
  expect(signals).toEqual([['unknown', sampleId]]);
});

test('a job that was cancelled while it was accepted keeps its ticket: the first poll cancels it', async () => {
  const { deps, find } = context(pending(), {});
  const submit = async () => {
    await deps.tasks.requestCancel(sampleId, 7, 67);
    return 'ticket-7';
  };
  const providers = { ...deps.providers, evolink: { ...deps.providers.evolink, submit } };

  await submitTask({ ...deps, availableProviders, providers })(sampleId);

  expect(await find()).toMatchObject({ ticket: 'ticket-7', cancelledAt: 7 });
});

describe('of two tries at once', () => {
  // The second try starts while the first one waits for its response.
  function concurrentAttempts(responses: {
    readonly first: string | Error;
    readonly second: string | Error;
  }) {
    const { deps, find, submittedTo, submitted } = context(pending(), {
      dashscope: ['ticket-8'],
    });
    let submits = 0;
    const submit = async () => {
      submits += 1;
      if (submits > 1) return respond(responses.second);
      await submitTask({ ...deps, availableProviders, providers })(sampleId).catch(() => undefined);
      return respond(responses.first);
    };
    const providers = { ...deps.providers, evolink: { ...deps.providers.evolink, submit } };
    return {
      submit: submitTask({ ...deps, availableProviders, providers }),
      find,
      submittedTo,
      submitted,
    };
  }
  const respond = (what: string | Error): string => {
    if (what instanceof Error) throw what;
    return what;
  };

  test('both get the same ticket', async () => {
    const { submit, find } = concurrentAttempts({ first: 'ticket-7', second: 'ticket-7' });

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 60 });

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
  });

  test('one that is declined finds the ticket of the other', async () => {
    const { submit, find, submittedTo } = concurrentAttempts({
      first: operatorRejected(),
      second: 'ticket-7',
    });

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 60 });

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(submittedTo()).toEqual([]); // no other provider
  });

  test('one that is declined while the other waits does not fall back to another provider', async () => {
    const task = locked('evolink', { submittedRequest });
    const { deps, tasks, find, submittedTo } = context(task, { dashscope: ['ticket-8'] });
    const submit = async () => {
      await tasks.releaseSubmitLock(sampleId, sampleTime, 'busy'); // by the earlier attempt, whose submit is declined only now
      return 'ticket-7';
    };
    const providers = { ...deps.providers, evolink: { ...deps.providers.evolink, submit } };

    await submitTask({ ...deps, availableProviders, providers })(sampleId);

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(await find()).not.toHaveProperty('busyCount');
    expect(submittedTo()).toEqual([]);
  });

  test('one that begins after the lock was released submits nothing, and is retried', async () => {
    const task = locked('evolink', { submittedRequest });
    const { deps, tasks, find, submitted } = context(task, { evolink: ['ticket-7'] });
    const typicalSeconds = async () => {
      await tasks.releaseSubmitLock(sampleId, sampleTime, 'busy');
      return 30;
    };

    const thrown = await thrownBy(submitTask({ ...deps, typicalSeconds })(sampleId));

    expect(thrown).toMatchObject({ name: 'ProviderBusy' });
    expect(submitted).toEqual([]);
    const left = await find();
    expect(left && !isEnded(left) && left.outcome).toBeUndefined();
  });
});

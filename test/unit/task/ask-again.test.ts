import { describe, expect, test } from 'vitest';
import { SubmitUnknown } from '../../../functions/task/failures.ts';
import type { ProviderName } from '../../../functions/task/provider.ts';
import { submitTask } from '../../../functions/task/submit-task.ts';
import { isEnded, type Pending, type Wording } from '../../../functions/task/task.ts';
import { pending, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { aboutTheJob, aboutUs, busy, type Script, world } from './hand-over-world.ts';

// Evolink knows a job again by its words; the others do not.
const timedOut = () => new SubmitUnknown('timed out');
const wording: Wording = { images: ['https://old.example.com/1'], callbackUrl: 'https://a/b' };
const marked = (provider: ProviderName, more: Partial<Pending> = {}) =>
  pending({ submittingAt: sampleTime, provider, ...more });
const offered = async () => ['evolink', 'dashscope'] as const;
const gone = { name: 'TaskRefused', message: 'service_error' };

describe('a provider that knows a job again', () => {
  test('is asked again at once, in the same words, when it did not say', async () => {
    const script = { evolink: [timedOut(), 'ticket-7'] };
    const { submit, find, asked, signals } = world(pending(), script, { offered });

    await submit();

    const [first, second] = asked;
    expect(second).toEqual(first);
    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(signals).toEqual([]);
  });

  test('is asked again in the words that were kept, when the function died in between', async () => {
    const task = marked('evolink', { wording });
    const { submit, find, asked } = world(task, { evolink: ['ticket-7'] }, { offered });

    expect(await submit()).toEqual({ waitSeconds: 80, pollSeconds: 60 });

    expect(asked).toEqual([['evolink', expect.objectContaining(wording)]]);
    expect(await find()).toMatchObject({ ticket: 'ticket-7', expectedSeconds: 40 });
    expect(await find()).not.toHaveProperty('wording');
  });

  test('gives its ticket again when that could not be written', async () => {
    const script = { evolink: ['ticket-7', 'ticket-7'] };
    const { needs, submit, find, asked } = world(pending(), script, { offered });
    const submitted = () => Promise.reject(new Error('throttled'));
    const tasks = { ...needs.tasks, submitted };
    await expect(submitTask({ ...needs, tasks })(sampleId)).rejects.toThrow('throttled');

    await submit();

    expect(asked[1]).toEqual(asked[0]);
    expect(await find()).toMatchObject({ status: 'processing', ticket: 'ticket-7' });
  });

  test('is asked in new words after a clear no: it keeps none of a job it refused', async () => {
    const { submit, asked } = world(pending(), { evolink: [busy(), 'ticket-7'] }, { offered });
    await thrownBy(submit());

    await submit();

    expect(asked[1]?.[1].images).not.toEqual(asked[0]?.[1].images);
  });

  test.each([
    ['is busy', busy()],
    ['refuses the operator', aboutUs()],
    ['does not say either', timedOut()],
  ])('that %s says nothing about the question before: nobody knows', async (_what, error) => {
    const script: Script = { evolink: [timedOut(), error], dashscope: ['ticket-8'] };
    const { submit, askedWhom, signals } = world(pending({ refusals: 9 }), script, { offered });

    expect(await thrownBy(submit())).toMatchObject(gone);

    expect(askedWhom()).toEqual(['evolink', 'evolink']);
    expect(signals).toEqual([['unknown', sampleId]]);
  });

  test('that refuses the job refuses it for good: it would have the first time', async () => {
    const script = { evolink: [timedOut(), aboutTheJob()] };
    const { submit, signals } = world(pending(), script, { offered });

    expect(await thrownBy(submit())).toMatchObject({ message: 'content_policy_violation' });

    expect(signals).toEqual([]);
  });

  test('is asked once more when what went wrong was ours', async () => {
    const bug = new TypeError('undefined is not a function');
    const script = { evolink: [timedOut(), bug, 'ticket-7'] };
    const { submit, asked, find } = world(pending(), script, { offered });
    expect(await thrownBy(submit())).toBe(bug);

    await submit();

    expect(asked[2]).toEqual(asked[0]);
    expect(await find()).toMatchObject({ ticket: 'ticket-7' });
  });
});

test.each<[string, Pending]>([
  ['a provider that knows no job again', marked('dashscope')],
  ['one that has no words to be asked in', marked('evolink')],
  ['a task that is cancelled', marked('evolink', { wording, cancelledAt: 1 })],
  ['a task that is late', marked('evolink', { wording, deadlineAt: sampleTime + 5000 })],
])('with a mark and no ticket, %s is not asked again', async (_what, task) => {
  const { submit, asked, signals } = world(task, { dashscope: ['t'], evolink: ['t'] }, { offered });

  expect(await thrownBy(submit())).toMatchObject(gone);

  expect(asked).toEqual([]);
  expect(signals).toEqual([['unknown', sampleId]]);
});

test('a provider that took a job meanwhile cancelled keeps it: the first poll sees that', async () => {
  const { needs, find } = world(pending(), {});
  const submit = async () => {
    await needs.tasks.cancelled(sampleId, 7);
    return 'ticket-7';
  };
  const providers = { ...needs.providers, evolink: { ...needs.providers.evolink, submit } };

  await submitTask({ ...needs, offered, providers })(sampleId);

  expect(await find()).toMatchObject({ ticket: 'ticket-7', cancelledAt: 7 });
});

describe('of two who try at once', () => {
  // The second one comes while the first one waits for its answer.
  function meeting(answers: { readonly first: string | Error; readonly second: string | Error }) {
    const { needs, find, askedWhom, asked } = world(pending(), { dashscope: ['ticket-8'] });
    let questions = 0;
    const submit = async () => {
      questions += 1;
      if (questions > 1) return answer(answers.second);
      await submitTask({ ...needs, offered, providers })(sampleId).catch(() => undefined);
      return answer(answers.first);
    };
    const providers = { ...needs.providers, evolink: { ...needs.providers.evolink, submit } };
    return { submit: submitTask({ ...needs, offered, providers }), find, askedWhom, asked };
  }
  const answer = (what: string | Error): string => {
    if (what instanceof Error) throw what;
    return what;
  };

  test('both hear of the one ticket', async () => {
    const { submit, find } = meeting({ first: 'ticket-7', second: 'ticket-7' });

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 60 });

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
  });

  test('one that hears a no finds the ticket of the other', async () => {
    const { submit, find, askedWhom } = meeting({ first: aboutUs(), second: 'ticket-7' });

    expect(await submit(sampleId)).toMatchObject({ pollSeconds: 60 });

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(askedWhom()).toEqual([]); // nobody else
  });

  test('one that hears a no while the other waits passes the job to nobody', async () => {
    const task = marked('evolink', { wording });
    const { needs, tasks, find, askedWhom } = world(task, { dashscope: ['ticket-8'] });
    const submit = async () => {
      await tasks.notSubmitted(sampleId, sampleTime); // the try before, which hears it now
      return 'ticket-7';
    };
    const providers = { ...needs.providers, evolink: { ...needs.providers.evolink, submit } };

    await submitTask({ ...needs, offered, providers })(sampleId);

    expect(await find()).toMatchObject({ provider: 'evolink', ticket: 'ticket-7' });
    expect(await find()).not.toHaveProperty('refusals');
    expect(askedWhom()).toEqual([]);
  });

  test('one that comes when the mark is gone asks nobody, and is tried again', async () => {
    const task = marked('evolink', { wording });
    const { needs, tasks, find, asked } = world(task, { evolink: ['ticket-7'] });
    const usualSeconds = async () => {
      await tasks.notSubmitted(sampleId, sampleTime);
      return 30;
    };

    const thrown = await thrownBy(submitTask({ ...needs, usualSeconds })(sampleId));

    expect(thrown).toMatchObject({ name: 'ProviderBusy' });
    expect(asked).toEqual([]);
    const left = await find();
    expect(left && !isEnded(left) && left.outcome).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import { checkNow } from '../../../../functions/domain/tasks/check-now.ts';
import { ensureWorkflowRunning } from '../../../../functions/domain/tasks/ensure-workflow.ts';
import {
  maxRedelivered,
  RedeliverRequest,
  redeliverAll,
  redeliverAllAudited,
} from '../../../../functions/domain/tasks/redeliver.ts';
import { memoryAudit } from '../../../support/audit.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import {
  completed,
  pending,
  processing,
  sampleAct,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

describe('a check of a task by the operator', () => {
  function service() {
    const store = memoryStore();
    const workflow = memoryWorkflow();
    const audit = memoryAudit();
    const check = checkNow({
      tasks: store.tasks,
      workflow,
      audit,
      ensureWorkflowRunning: ensureWorkflowRunning({
        tasks: store.tasks,
        workflow,
        now: () => sampleTime,
        exhausted: () => {},
      }),
    });
    return { store, workflow, audit, check: (id: string) => check(id, sampleAct) };
  }

  test('wakes a workflow that waits at a provider, so that it polls', async () => {
    const { store, workflow, check } = service();
    store.put(processing({ wakeToken: 'token' }));
    await workflow.start(sampleId);

    expect(await check(sampleId)).toEqual({
      object: 'task_check',
      task_id: sampleId,
      result: 'woken',
    });
    expect(workflow.woken).toEqual(['token']);
  });

  test('is written down before it is done, and once more with the result', async () => {
    const { store, workflow, audit, check } = service();
    store.put(processing());
    workflow.start = () => Promise.reject(new Error('throttled'));

    await expect(check(sampleId)).rejects.toThrow('throttled');

    const entry = { ...sampleAct, id: expect.any(String), account: 'default', taskId: sampleId };
    expect(audit.written).toEqual([{ ...entry, after: { result: null } }]);
    Object.assign(workflow, { start: async () => {} });
    await check(sampleId);
    const [, intended, done] = audit.written;
    expect(done).toEqual({ ...entry, id: intended?.id, after: { result: 'started' } });
  });

  test('leaves a task alone that waits for its uploads', async () => {
    const { store, workflow, audit, check } = service();
    store.put(pending({ inputs: [{ kind: 'upload', contentType: 'image/png' }] }));

    expect(await check(sampleId)).toMatchObject({ result: 'awaits_uploads' });
    expect(audit.written).toEqual([]);
    expect(workflow.started()).toEqual([]);
  });

  test('leaves a workflow alone that is at work', async () => {
    const { store, workflow, check } = service();
    store.put(processing());
    await workflow.start(sampleId);

    expect(await check(sampleId)).toMatchObject({ result: 'running' });
    expect([workflow.woken, workflow.started()]).toEqual([[], [sampleId]]);
  });

  test('starts a workflow that is missing, and the next execution of one that died', async () => {
    const { store, workflow, check } = service();
    store.put(processing({ wakeToken: 'token of the dead' }));

    expect(await check(sampleId)).toMatchObject({ result: 'started' });
    workflow.ends(sampleId);
    expect(await check(sampleId)).toMatchObject({ result: 'restarted' });
    expect(workflow.started()).toEqual([sampleId, `${sampleId}-2`]);
    expect(workflow.woken).toEqual([]);
  });

  test('is refused for a task that has ended, and for a task that does not exist', async () => {
    const { store, audit, check } = service();
    store.put(completed());

    expect(await thrownBy(check(sampleId))).toMatchObject({ code: 'task_ended' });
    expect(await thrownBy(check(newTaskId(1)))).toMatchObject({ code: 'task_not_found' });
    expect(await thrownBy(check('task'))).toMatchObject({ code: 'invalid_task_id' });
    expect(audit.written).toEqual([]);
  });
});

describe('sending all undelivered callbacks of an account again', () => {
  /** A store with so many callbacks that were given up, a second after each other. */
  async function service(count: number) {
    const store = memoryStore();
    const sent: string[] = [];
    const failedWakes: unknown[] = [];
    for (let n = 0; n < count; n += 1) {
      const task = completed({ id: newTaskId(sampleTime + n), callbackUrl: 'https://example.com' });
      store.put(task);
      await store.tasks.recordCallbackAttempt(
        task,
        { at: sampleTime + n * 1000, milliseconds: 1 },
        { state: 'undelivered', attempts: 7 },
        undefined,
      );
    }
    const deps = {
      history: store.history,
      tasks: store.tasks,
      deliverCallback: async (id: string) => {
        sent.push(id);
      },
      now: () => sampleTime + 1_000_000,
      wakeFailed: (id: string, cause: unknown) => void failedWakes.push([id, cause]),
    };
    const send = redeliverAll(deps);
    return {
      store,
      sent,
      failedWakes,
      deps,
      send: (request: object, account = 'default') =>
        send(RedeliverRequest.parse({ since: 0, ...request }), account),
    };
  }

  test('sends each once, and says whether others are left', async () => {
    const { send, sent } = await service(maxRedelivered + 20);

    const first = await send({});
    const second = await send({ before: first.before });
    const third = await send({ before: first.before });

    expect([first, second, third].map(({ scheduled, has_more }) => [scheduled, has_more])).toEqual([
      [maxRedelivered, true],
      [20, false],
      [0, false],
    ]);
    expect(new Set(sent).size).toBe(maxRedelivered + 20);
    expect(sent).toHaveLength(maxRedelivered + 20);
  });

  test('sends those that were given up since then and before then', async () => {
    const { send, sent } = await service(10);
    const start = sampleTime / 1000;

    expect(await send({ since: start + 3, before: start + 5 })).toMatchObject({ scheduled: 2 });
    expect(sent).toHaveLength(2);
  });

  test('by the operator is written down before the first, and once more with how many there were', async () => {
    const { deps, sent } = await service(3);
    const audit = memoryAudit();
    const send = (tasks: typeof deps.tasks) =>
      redeliverAllAudited({ ...deps, tasks, audit })({ since: 0 }, 'default', sampleAct);
    const scheduleCallback = () => Promise.reject(new Error('throttled'));

    await expect(send({ ...deps.tasks, scheduleCallback })).rejects.toThrow('throttled');

    const entry = { ...sampleAct, id: expect.any(String), account: 'default' };
    const asked = { since: 0, before: null, scheduled: null };
    expect(audit.written).toEqual([{ ...entry, after: asked }]);
    const { before } = await send(deps.tasks);
    expect(audit.written.slice(1)).toEqual([
      { ...entry, after: asked },
      { ...entry, after: { since: 0, before, scheduled: sent.length, has_more: false } },
    ]);
  });

  test('counts one that could not be sent at once: the reconciler sends it', async () => {
    const { deps, store, sent, failedWakes } = await service(30);
    const audit = memoryAudit();
    const error = new Error('throttled');
    let refused = '';
    const deliverCallback = async (id: string) => {
      if (sent.length !== 12 || refused !== '') return deps.deliverCallback(id);
      refused = id;
      throw error;
    };
    const send = redeliverAllAudited({ ...deps, deliverCallback, audit });

    expect(await send({ since: 0 }, 'default', sampleAct)).toMatchObject({ scheduled: 30 });

    expect(sent).toHaveLength(29);
    expect(failedWakes).toEqual([[refused, error]]);
    expect(await store.tasks.find(refused)).toMatchObject({
      callback: { state: 'pending', attempts: 0 },
      nextCheckAt: deps.now() + 60_000,
    });
    expect(audit.written.at(-1)).toMatchObject({ after: { scheduled: 30 } });
  });

  test('sends no callback twice, even if it fails once more meanwhile', async () => {
    const { send, sent, store } = await service(1);
    const { before } = await send({});
    const [id = ''] = sent;
    await store.tasks.recordCallbackAttempt(
      completed({ id }),
      { at: before * 1000 + 5000, milliseconds: 1 },
      { state: 'undelivered', attempts: 7 },
      undefined,
    );

    expect(await send({ before })).toMatchObject({ scheduled: 0, has_more: false });
  });

  test('sends nothing of another account', async () => {
    const { send, sent } = await service(3);

    expect(await send({}, 'other')).toMatchObject({ account: 'other', scheduled: 0 });
    expect(sent).toEqual([]);
  });

  test.each([
    ['since', {}],
    ['since', { since: -1 }],
    ['since', { since: '0' }],
    ['since', { since: 1e12 }],
    ['before', { since: 5, before: 5 }],
    ['before', { since: 5, before: 4.5 }],
  ])('refuses a wrong %s: %j', (param, body) => {
    const issue = RedeliverRequest.safeParse(body).error?.issues[0];

    expect(issue?.path[0]).toBe(param);
    expect(issue?.message).toContain(param);
  });
});

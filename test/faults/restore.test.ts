import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { tableNames } from '../../functions/domain/model/storage-names.ts';
import { tablesOf } from '../../local/aws/template/read-tables.ts';
import { issueKey } from '../../local/local-keys.ts';
import { runScript, script } from '../cli/run-script.ts';
import { type Body, mockProviderState, until } from '../flow/open-stack.ts';
import { pointInTimeRecovery } from '../support/point-in-time-recovery.ts';
import { synthesiseStage } from '../support/synthesise-stage.ts';
import { isWaitingForProvider, isWaitingForSlot } from './execution-events.ts';
import type { FaultStack } from './fault-stack.ts';
import { openQueueStack } from './queue-stack.ts';
import { runScenario } from './run-scenario.ts';
import { type SentTask, scenarioNamed, uploadForm } from './scenarios.ts';

// The whole procedure of docs/restoring.md on a stack with tasks in all states: everything over the real protocols but the
// point-in-time recovery itself, which only AWS has (test/support/point-in-time-recovery.ts stands in for it).

const byUrl = scenarioNamed('a success by URL');
const byUploads = scenarioNamed('a success by uploads');
const slots = 2;
const minuteMs = 60_000;

describe('a restore', () => {
  let stack: FaultStack;
  let aws: Awaited<ReturnType<typeof pointInTimeRecovery>>;
  let directory: string;
  let killAfter = Number.POSITIVE_INFINITY;
  let kill = () => {};
  let moment: string;
  let restoredOutdir = '';
  /** The tasks as they were at the moment of the restore. */
  let ended: SentTask;
  let atProvider: readonly SentTask[];
  let queued: SentTask;
  let notUploaded: Body;
  /** Tasks that were created after the moment. A provider has the job of the first one. */
  let lost: readonly SentTask[];
  let disabledKey: string;

  const operator = () => ({ authorization: `Bearer ${stack.keys.adminKey}` });
  const viewOf = async ({ id }: { readonly id: string }): Promise<Body> =>
    (await stack.call('GET', `/v1/tasks/${id}`)).body;

  /** Runs `npm run restore`, as an operator in the folder that has the plan and the outputs. */
  const restore = (...args: readonly string[]) =>
    runScript(script('restore.ts'), args, {
      cwd: directory,
      env: { ...stack.environment, AWS_ENDPOINT_URL_DYNAMODB: aws.url },
      onStart: (child) => {
        kill = () => void child.kill('SIGKILL');
      },
    });
  const answerOf = async (...args: readonly string[]): Promise<Body> => {
    const { code, stdout, stderr } = await restore(...args, '--json');
    expect(stderr).not.toContain('error');
    return { code, answer: JSON.parse(stdout) };
  };
  const toMoment = () => ['tables', '--outputs', 'outputs.json', '--to', moment];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'darkroom-restore-'));
    stack = await openQueueStack(slots, { outdir: inject('outdir'), speed: 6 });
    aws = await pointInTimeRecovery(
      stack.dynamoDb,
      stack.environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      tablesOf(stack.context).map(({ TableName }) => TableName),
      { onRestore: (before) => before >= killAfter && kill() },
    );
    writeFileSync(
      join(directory, 'outputs.json'),
      JSON.stringify({ 'Darkroom-local': stack.outputs }),
    );
    const spare = { account: 'default', name: 'spare' };
    disabledKey = (await stack.call('POST', '/v1/admin/keys', spare, operator())).body.id;

    stack.mockProvider.control(byUrl.provider);
    ended = await runScenario(stack, byUrl);
    await until(stack.isIdle, Boolean);
    // Half a minute here, so that the jobs are still at the provider at the moment, however slow the machine is.
    stack.mockProvider.control({ ...byUrl.provider, seconds: 180 });
    atProvider = [await runScenario(stack, byUrl), await runScenario(stack, byUrl)];
    for (const { id } of atProvider) await stack.taskEvents.waitFor(id, isWaitingForProvider);
    queued = await runScenario(stack, byUrl);
    await stack.taskEvents.waitFor(queued.id, isWaitingForSlot);
    notUploaded = await stack.createTask({ prompt: 'Later', image_uploads: [uploadForm] });
    moment = await aws.remember();

    // From here on everything is lost by a restore to that moment.
    stack.mockProvider.control({ ...byUrl.provider, seconds: 3600 });
    const submitted = await runScenario(stack, byUrl);
    for (const { id } of atProvider) await stack.endedTask(id);
    for (const { id } of [queued, submitted]) {
      await stack.taskEvents.waitFor(id, isWaitingForProvider);
    }
    const waiting = await runScenario(stack, byUrl);
    await stack.taskEvents.waitFor(waiting.id, isWaitingForSlot);
    lost = [submitted, waiting];
    await issueKey(stack, { account: 'default', name: 'late', credits: 7 });
    const path = `/v1/admin/keys/${disabledKey}`;
    expect((await stack.call('PATCH', path, { enabled: false }, operator())).status).toBe(200);
  });
  afterAll(async () => {
    await stack?.close();
    await aws?.close();
    rmSync(directory, { recursive: true, force: true });
    if (restoredOutdir) rmSync(restoredOutdir, { recursive: true, force: true });
  });

  test('changes nothing until it is told to', async () => {
    const { code, stdout, stderr } = await restore(...toMoment());

    expect({ code, lines: stdout.match(/\tmissing\t/g)?.length }).toEqual({
      code: 0,
      lines: tableNames.length,
    });
    expect(stderr).toContain(`--run restores them to ${moment}`);
    expect(aws.restored).toEqual([]);
  });

  test('goes on where it was killed, and restores no table twice', async () => {
    killAfter = 2;
    const killed = await restore(...toMoment(), '--run');
    killAfter = Number.POSITIVE_INFINITY;
    const { code, stdout } = await restore(...toMoment(), '--run');

    expect(killed.code).toBe(null);
    expect(code).toBe(0);
    const { restoredTables } = JSON.parse(stdout);
    expect(Object.keys(restoredTables)).toEqual([...tableNames]);
    expect([...aws.restored].sort()).toEqual(Object.values(restoredTables).sort());
    expect(JSON.parse(readFileSync(join(directory, 'restore.json'), 'utf8')).moment).toBe(moment);
  });

  test('brings back accounts whose amounts add up, before anybody uses them', async () => {
    expect(await answerOf('audit')).toEqual({ code: 0, answer: [] });
  });

  test('takes effect by a deployment, after which the tasks are as they were at the moment', async () => {
    const { stdout } = await restore(...toMoment(), '--run');
    const { restoredTables } = JSON.parse(stdout);
    restoredOutdir = await synthesiseStage(inject('outdir'), { restoredTables });
    stack.update(restoredOutdir);

    const views = await Promise.all([ended, ...atProvider, queued, notUploaded].map(viewOf));
    expect(views.map(({ status }) => status)).toEqual([
      'completed',
      'processing',
      'processing',
      'pending',
      'pending',
    ]);
    expect((await Promise.all(lost.map(viewOf))).map(({ error }) => error.code)).toEqual([
      'task_not_found',
      'task_not_found',
    ]);
  }, 240_000); // CDK loads and synthesises in it, which two busy cores take long for

  test('says which tasks are lost and which are submitted again, with the tickets of their jobs', async () => {
    const { answer } = await answerOf('tasks');

    const [submitted, waiting] = lost;
    const ticket = expect.stringMatching(/.{8}/);
    const provider = 'dashscope';
    const byId = (a: Body, b: Body) => (a.id < b.id ? -1 : 1);
    expect([...answer].sort(byId)).toMatchObject(
      [
        { id: submitted?.id, change: 'lost', status: 'processing', provider, ticket },
        { id: waiting?.id, change: 'lost', status: 'pending', ticket: null },
        { id: queued.id, change: 'submitted again', status: 'processing', provider, ticket },
      ].sort(byId),
    );
    expect(JSON.stringify(answer)).not.toContain(byUrl.name);
  });

  test('says which keys work again or are gone, and which credits are undone', async () => {
    const { answer } = await answerOf('changes');

    expect(answer).toMatchObject([
      { change: 'key works again', id: disabledKey, name: 'spare' },
      { change: 'key is gone', name: 'late' },
      { change: 'credits are undone', account: 'default', credits: 7 },
    ]);
  });

  test('stops the executions that do not fit the restored tables, and no other', async () => {
    stack.mockProvider.control(byUrl.provider);
    const { answer } = await answerOf('executions', '--stop');

    const [submitted, waiting] = lost;
    const found = new Map(answer.map(({ task, reason }: Body) => [task, reason]));
    expect(found.get(waiting?.id)).toBe('lost task');
    expect(found.get(queued.id)).toBe('ahead of its task');
    // The execution of this task may have ended by itself, because its task does not exist any more.
    found.delete(submitted?.id);
    expect(found.size).toBe(2);
    await until(() => lost.every(({ id }) => !stack.taskEvents.isRunning(id)), Boolean);
  });

  test('brings every open task to its end, charges each once, and leaves accounts that add up', async () => {
    const open = [...atProvider, queued, notUploaded];
    expect((await answerOf('open', '--check')).answer.open).toBe(open.length);
    await byUploads.afterCreate?.(stack, notUploaded);
    await letEnd(open);

    const views = await Promise.all(open.map(viewOf));
    expect(views.map(({ status }) => status)).toEqual(open.map(() => 'completed'));
    const fresh = await runScenario(stack, byUrl);
    await letEnd([fresh]);
    expect((await viewOf(fresh)).status).toBe('completed');

    expect(await answerOf('audit')).toEqual({ code: 0, answer: [] });
    const { body } = await stack.call(
      'GET',
      '/v1/admin/accounts/default/entries?limit=100',
      undefined,
      operator(),
    );
    const settled = body.data.filter(({ kind }: Body) => kind === 'settle');
    const ids = [ended, ...open, fresh].map(({ id }) => id);
    expect(settled.map((entry: Body) => entry.task_id).sort()).toEqual([...ids].sort());
    // Tasks whose jobs the provider had at the moment were not submitted again.
    const { jobs } = await mockProviderState(stack);
    const submits = (prompt: string) => jobs.filter((job: Body) => job.prompt === prompt).length;
    expect(atProvider.map(({ prompt }) => submits(prompt))).toEqual([1, 1]);
    expect(submits(queued.prompt)).toBe(2);
  });

  /** Lets time pass, with the reconciler every minute, until these tasks have ended. */
  async function letEnd(tasks: readonly { readonly id: string }[]): Promise<void> {
    for (;;) {
      const views = await Promise.all(tasks.map(viewOf));
      if (views.every(({ status }) => status === 'completed' || status === 'failed')) return;
      stack.clock.advance(minuteMs);
      await stack.reconcile();
      await setTimeout(1000);
    }
  }
});

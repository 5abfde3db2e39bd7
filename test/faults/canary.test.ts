import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  canaryAccount,
  canaryDeadlineMs,
  canaryMinutes,
} from '../../functions/domain/model/canary.ts';
import { functionsOf } from '../../local/aws/template/read-functions.ts';
import { schedulesOf } from '../../local/aws/template/read-schedules.ts';
import { secretsOf } from '../../local/aws/template/read-secrets.ts';
import { synthesise } from '../../local/synthesise.ts';
import { runScript, script } from '../cli/run-script.ts';
import { type Body, until } from '../flow/open-stack.ts';
import { firedAlarms, type TestedAlarm } from '../support/alarms/evaluate-alarm.ts';
import { observedMetrics } from '../support/alarms/observed-metrics.ts';
import { stackAlarms } from '../support/alarms/stack-alarms.ts';
import { functionName } from '../support/faults/crash-injector.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';

// A local stack with the setting `canary`. Its schedule is fired by hand, and a clock lets the quarters of an hour pass.

const minuteMs = 60_000;
const quarterMs = canaryMinutes * minuteMs;
const directory = mkdtempSync(join(tmpdir(), 'darkroom-canary-'));
const metrics = observedMetrics(() => Date.now());
let stack: FaultStack;
let alarm: TestedAlarm;

beforeAll(async () => {
  const config = join(directory, 'canary.json');
  writeFileSync(config, JSON.stringify({ canary: true }));
  const outdir = join(directory, 'cdk.out');
  await synthesise(outdir, { config });
  // Slowly, so that the schedule does not run by itself meanwhile.
  stack = await openFaultStack({ outdir, speed: 1, observer: metrics.observer });
  const found = stackAlarms(stack.context).find(({ name }) => name === 'CanaryFailing');
  if (!found) throw new Error('the stack has no alarm about its canary');
  alarm = found;
}, 120_000);
afterAll(async () => {
  await stack?.close();
  rmSync(directory, { recursive: true, force: true });
});
afterEach(() => stack.faults.clear());

const functionOf = (entry: string) =>
  functionsOf(stack.context).find((one) => functionName(one) === entry)?.name ?? '';
const secret = () =>
  secretsOf(stack.context).find(({ id }) => id.startsWith('CanaryKey'))?.arn ?? '';

/** Runs the operator's command, which is the output CanaryKey. */
const storeKey = () =>
  runScript(
    script('keys.ts'),
    ['canary', '--function', functionOf('events/issue-key'), '--secret', secret()],
    {
      env: {
        AWS_ENDPOINT_URL_SECRETS_MANAGER:
          stack.environment['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '',
        AWS_ENDPOINT_URL_LAMBDA: stack.environment['AWS_ENDPOINT_URL_LAMBDA'] ?? '',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'operator',
        AWS_SECRET_ACCESS_KEY: 'operator',
      },
    },
  );

/** Runs the schedule now, until the run is over. */
const fire = () => {
  const schedule = schedulesOf(stack.context).find(({ id }) => id.startsWith('Canary'));
  return stack.schedules.fire(schedule?.id ?? '');
};

const numbersOf = (name: string, from: number) =>
  metrics.data
    .filter(({ metricName, at }) => metricName === name && at >= from)
    .map(({ value }) => value);

/** One run in its quarter of an hour. @returns the value of the metric: 1 or 0 */
async function quarter(during: () => Promise<unknown> = async () => undefined) {
  const from = stack.clock.now();
  const [result] = await Promise.all([fire(), during()]);
  expect(result).toMatchObject({ ok: true });
  const written = await until(
    () => numbersOf('CanarySucceeded', from),
    (all) => all.length > 0,
  );
  await until(stack.isIdle, Boolean);
  stack.clock.advance(quarterMs - (stack.clock.now() - from));
  return written;
}

const isFiring = (from: number) =>
  firedAlarms([alarm], metrics.data, { from, to: stack.clock.now() }).length > 0;

const canaryTasks = async (): Promise<readonly Body[]> => {
  const authorization = `Bearer ${stack.keys.adminKey}`;
  const path = `/v1/admin/tasks?mode=test&account=${canaryAccount}`;
  return (await stack.call('GET', path, undefined, { authorization })).body.data;
};

/** The API answers 500 to every create of this run. */
const apiFails = () => {
  stack.faults.crash({ function: 'api/create-task', call: 1, when: 'before', times: 9 });
  return quarter();
};

/** The event of the upload does not come, and the run waits until its deadline. */
const eventIsLost = async () => {
  stack.faults.breakEvent({ source: 's3', fault: 'drop' });
  const before = (await canaryTasks()).length;
  return quarter(async () => {
    await until(canaryTasks, (tasks) => tasks.length > before);
    stack.clock.advance(canaryDeadlineMs);
  });
};

describe('the canary', () => {
  test('fails at its first step, and makes no task, as long as nobody has stored its key', async () => {
    expect(await quarter()).toEqual([0]);
    expect(await canaryTasks()).toEqual([]);
  });

  test('gets a test key by the operator’s command, which prints none', async () => {
    const { code, stdout, stderr } = await storeKey();

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^The canary has its key \(key-[0-9a-f]{16}\)/);
    expect(stdout).not.toContain('sk-dr');
  });

  test('makes one sandbox task a run, from the upload to the result, and no metric of live tasks counts it', async () => {
    const live = await stack.account();
    const from = stack.clock.now();

    expect(await quarter()).toEqual([1]);

    const tasks = await canaryTasks();
    expect(tasks).toMatchObject([{ status: 'completed', livemode: false, account: canaryAccount }]);
    const [seconds = -1, ...others] = numbersOf('CanarySeconds', from);
    expect(others).toEqual([]);
    expect(seconds).toBeGreaterThan(0);
    expect(await stack.account()).toEqual(live);
    const names = metrics.data.filter(({ namespace }) => namespace === 'Darkroom');
    expect(
      [...new Set(names.map(({ metricName }) => metricName))].filter((name) =>
        /Task|Credits|Image/.test(name),
      ),
    ).toEqual([]);
  });
});

describe('the alarm CanaryFailing', () => {
  test('is silent while runs succeed, and when one of them fails', async () => {
    for (let run = 0; run < 3; run += 1) expect(await quarter()).toEqual([1]);
    const from = stack.clock.now();

    expect(await apiFails()).toEqual([0]);
    stack.faults.clear();
    for (let run = 0; run < 2; run += 1) expect(await quarter()).toEqual([1]);

    expect(isFiring(from)).toBe(false);
  }, 60_000);

  test.each([
    ['the API answers 500 in two runs', apiFails, apiFails],
    ['the events of the uploads are lost in two runs', eventIsLost, eventIsLost],
  ])(
    'fires when %s, and is silent again after two that succeed',
    async (_, ...faults) => {
      const from = stack.clock.now();
      for (const fault of faults) expect(await fault()).toEqual([0]);
      expect(isFiring(from)).toBe(true);

      stack.faults.clear();
      for (let run = 0; run < 3; run += 1) expect(await quarter()).toEqual([1]);
      const later = stack.clock.now();
      await quarter();
      expect(isFiring(later)).toBe(false);
    },
    120_000,
  );

  test('fires when a run between two that fail succeeds', async () => {
    const from = stack.clock.now();
    await apiFails();
    stack.faults.clear();
    await quarter();
    await apiFails();
    stack.faults.clear();

    expect(isFiring(from)).toBe(true);
  }, 60_000);

  test('fires when no run comes', async () => {
    for (let run = 0; run < 3; run += 1) expect(await quarter()).toEqual([1]);
    const from = stack.clock.now();

    stack.clock.advance(2 * quarterMs);

    expect(isFiring(from)).toBe(true);
  }, 60_000);
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { csvOf } from '../../../console/screens/operator/csv.ts';
import {
  activityOf,
  canaryAccount,
  type Figures,
  judge,
  type ProviderRow,
  type TaskRow,
  thresholds,
  undeliveredOf,
} from '../../../console/screens/operator/judge.ts';
import {
  canaryMinutes,
  canaryAccount as nameOfCanary,
} from '../../../functions/domain/model/canary.ts';

const now = 1_800_000_000;

const task = (fields: Partial<TaskRow> = {}): TaskRow => ({
  object: 'admin.task',
  livemode: true,
  id: 'task-unified-1757156493-imcg5zqt',
  account: 'shop',
  key_id: 'key-0123456789abcdef',
  user_group: 'default',
  model: 'wan2.5-image-to-image',
  n: 1,
  status: 'completed',
  code: null,
  provider: 'dashscope',
  callback: null,
  created_at: now - 60,
  duration: 20,
  result_count: 1,
  credits_reserved: 1,
  credits_used: 1,
  ...fields,
});
const failedWith = (code: NonNullable<TaskRow['code']>) => task({ status: 'failed', code });

const provider = (fields: Partial<ProviderRow> = {}): ProviderRow => ({
  object: 'provider',
  id: 'dashscope',
  position: 1,
  has_key: true,
  capacity: null,
  models: [],
  slots: [],
  rejections: [],
  ...fields,
});
const slot = (oldest_waiting_since: number | null) => ({
  name: 'dashscope',
  total: 5,
  taken: 5,
  waiting: 1,
  oldest_waiting_since,
  paused_until: null,
});

const noneUndelivered = undeliveredOf([], true, now);

type More = Partial<Figures> & { readonly tasks?: readonly TaskRow[]; readonly isWhole?: boolean };

/** The names of the alarms in a state. */
const namesOf = (
  state: ReturnType<typeof judge>[number]['state'],
  { tasks = [], isWhole = true, ...figures }: More,
) => {
  const all: Figures = {
    activity: activityOf(tasks, isWhole, now),
    undelivered: noneUndelivered,
    providers: [provider()],
    now,
    ...figures,
  };
  return judge(all)
    .filter((one) => one.state === state)
    .map(({ name }) => name);
};
const firing = (more: More) => namesOf('firing', more);
const unknown = (more: More) => namesOf('unknown', more);
const times = <T>(count: number, value: T): readonly T[] =>
  Array.from({ length: count }, () => value);

describe('what tasks do now', () => {
  test('is counted over a quarter of an hour: those that were created, and those that ended', () => {
    const tasks = [
      task({ status: 'processing', duration: null, created_at: now - 10 }),
      failedWith('service_error'),
      task({ created_at: now - 1000, duration: 200 }),
      task({ created_at: now - 3000, duration: 20 }),
    ];

    expect(activityOf(tasks, true, now)).toEqual({
      perMinute: 2 / 15,
      completed: 1,
      waiting: 0,
      failed: [['service_error', 1]],
      seconds: 900,
      isWhole: true,
    });
  });

  test('is counted over the time of the tasks that were read, when there are more', () => {
    const tasks = times(800, task({ created_at: now - 60 }));

    expect(activityOf(tasks, false, now)).toMatchObject({ perMinute: 800, seconds: 60 });
  });

  test('is zero when there is no task', () => {
    expect(activityOf([], true, now)).toMatchObject({ perMinute: 0, completed: 0, failed: [] });
  });
});

describe('an alarm', () => {
  test('is quiet when nothing is wrong', () => {
    expect(firing({ tasks: times(10, task()) })).toEqual([]);
    expect(unknown({ tasks: times(10, task()) })).toEqual([]);
    expect(unknown({})).toEqual([]);
  });

  test.each([
    ['half of three', [...times(3, 'quota_exceeded' as const)], 3, ['ProviderFailing']],
    ['less than half', [...times(3, 'quota_exceeded' as const)], 4, []],
    ['too few', [...times(2, 'generation_timeout' as const)], 0, []],
    ['the fault of callers', [...times(9, 'invalid_parameters' as const)], 0, []],
    ['our fault', [...times(3, 'service_error' as const)], 9, ['BrokenTask']],
  ])('fires for failed tasks by their codes: %s', (_what, codes, completed, expected) => {
    const tasks = [...codes.map(failedWith), ...times(completed, task())];

    expect(firing({ tasks })).toEqual(expected);
  });

  test('fires for a provider that rejects the account today, unless the provider is not offered', () => {
    const rejections = [{ day: '2027-01-15', code: 'quota_exceeded' as const, count: 1 }];
    expect(firing({ providers: [provider({ rejections })] })).toEqual(['ProviderAccountRejected']);
    expect(firing({ providers: [provider({ rejections, position: null })] })).toEqual([]);
    const before = [{ day: '2027-01-14', code: 'quota_exceeded' as const, count: 1 }];
    expect(firing({ providers: [provider({ rejections: before })] })).toEqual([]);
    const pictures = [{ day: '2027-01-15', code: 'content_policy_violation' as const, count: 9 }];
    expect(firing({ providers: [provider({ rejections: pictures })] })).toEqual([]);
  });

  test('fires for callbacks that were given up, and for a task that has waited for half a day', () => {
    const givenUp = (count: number) =>
      undeliveredOf(times(count, task({ callback: 'undelivered' })), true, now);
    expect(firing({ undelivered: givenUp(4) })).toEqual([]);
    expect(firing({ undelivered: givenUp(5) })).toEqual(['UndeliveredCallback']);
    const waiting = (hours: number) => [
      provider({ slots: [slot(now - hours * 3600), slot(null)] }),
    ];
    expect(firing({ providers: waiting(11) })).toEqual([]);
    expect(firing({ providers: waiting(12) })).toEqual(['QueueStuck']);
  });

  test('about the providers is unknown when nothing is completed and tasks wait, as in an outage', () => {
    const waits = task({ status: 'pending', duration: null });
    expect(unknown({ tasks: [waits] })).toEqual(['ProviderFailing']);
    expect(unknown({ providers: [provider({ slots: [slot(now - 60)] })] })).toEqual([
      'ProviderFailing',
    ]);
    expect(unknown({ tasks: [waits, task()] })).toEqual([]);
    const failed = times(3, failedWith('resource_exhausted'));
    expect(firing({ tasks: [waits, ...failed] })).toEqual(['ProviderFailing']);
  });

  test('about tasks is unknown when not all tasks were read, unless those that were read make it fire', () => {
    const tasks = times(800, task());
    expect(unknown({ tasks, isWhole: false })).toEqual(['ProviderFailing', 'BrokenTask']);
    const broken = [...times(3, failedWith('service_error')), ...tasks];
    expect(firing({ tasks: broken, isWhole: false })).toEqual(['BrokenTask']);
  });

  test('about callbacks covers the last hour, and is unknown when it depends on callbacks that may have been given up before', () => {
    const before = task({ callback: 'undelivered', created_at: now - 7200 });
    const undelivered = undeliveredOf([...times(4, before), task()], true, now);
    expect(undelivered).toEqual({ count: 5, recent: 1, isWhole: true });
    expect(unknown({ undelivered })).toEqual(['UndeliveredCallback']);
    expect(unknown({ undelivered: undeliveredOf(times(4, before), true, now) })).toEqual([]);
    expect(unknown({ undelivered: undeliveredOf([], false, now) })).toEqual([
      'UndeliveredCallback',
    ]);
  });

  test('fires when fewer than two tasks of the canary were completed, and does not exist without a canary', () => {
    const running = task({ status: 'processing', duration: null });

    expect(firing({ canaryTasks: [task(), running, task()] })).toEqual([]);
    expect(firing({ canaryTasks: [task(), failedWith('service_error'), running] })).toEqual([
      'CanaryFailing',
    ]);
    expect(firing({ canaryTasks: [] })).toEqual(['CanaryFailing']);
    expect(firing({})).toEqual([]);
  });

  test('has the thresholds of CloudWatch’s own, and a heading in the runbook', () => {
    const alarms = readFileSync('infra/alarms.ts', 'utf8');
    const thresholdOf = (name: string) =>
      Number(new RegExp(`\\n  ${name}: \\{[\\s\\S]*?threshold: ([\\d.]+)`).exec(alarms)?.[1]);

    expect(thresholdOf('BrokenTask')).toBe(thresholds.BrokenTask);
    expect(thresholdOf('UndeliveredCallback')).toBe(thresholds.UndeliveredCallback.count);
    expect(alarms).toContain(
      `metricNames.undeliveredCallback, ${thresholds.UndeliveredCallback.minutes})`,
    );
    expect(thresholdOf('ProviderFailing')).toBe(thresholds.ProviderFailing.share);
    expect(alarms).toContain(`minFailedTasks = ${thresholds.ProviderFailing.failed};`);
    expect(alarms).toContain('longWaitSeconds = 12 * 60 * 60;');
    expect(thresholds.QueueStuck).toBe(12 * 60 * 60);
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    const names = judge({
      activity: activityOf([], true, now),
      undelivered: noneUndelivered,
      providers: [],
      canaryTasks: [],
      now,
    });
    const { succeeded, minutes } = thresholds.CanaryFailing;
    expect(alarms).toContain(`threshold: ${succeeded},\n      isBelow: true,\n      periods: 1`);
    expect(alarms).toContain('metricNames.canarySucceeded, 3 * canaryMinutes + 5)');
    expect(minutes).toBe(3 * canaryMinutes + 5);
    expect(canaryAccount).toBe(nameOfCanary);
    expect(names.length).toBe(6);
    for (const { name } of names) expect(runbook).toContain(`\n### ${name}\n`);
  });
});

test('a table of entries has no cell that a spreadsheet would execute', () => {
  const csv = csvOf(
    ['note', 'credits'],
    [
      ['=1+1', -5],
      [' @SUM(A1)', 1],
      ['a "quoted", text\nof two lines', null],
      ['-', 0],
    ],
  );

  expect(csv).toBe(
    'note,credits\r\n"\'=1+1",-5\r\n"\' @SUM(A1)",1\r\n"a ""quoted"", text\nof two lines",\r\n"\'-",0\r\n',
  );
});

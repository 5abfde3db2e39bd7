import { randomUUID } from 'node:crypto';
import type { Invoke, InvokeResult } from '../lambda/invoke-result.ts';
import { accountId, region } from '../template/physical-names.ts';
import type { ScheduleDefinition } from '../template/read-schedules.ts';

export type Schedules = {
  /** Runs a schedule now, or joins the current run; resolves when the run is over. */
  fire(id: string): Promise<InvokeResult>;
  close(): void;
};

type Options = {
  readonly schedules: readonly ScheduleDefinition[];
  readonly invoke: Invoke;
  /** Divides the time between two runs. */
  readonly speed?: number;
  readonly now?: () => number;
};

/** Runs every schedule at its rate. Runs of one schedule never overlap. */
export function startSchedules({
  schedules,
  invoke,
  speed = 1,
  now = Date.now,
}: Options): Schedules {
  const running = new Map<ScheduleDefinition, Promise<InvokeResult>>();

  const run = (schedule: ScheduleDefinition) => {
    const current = running.get(schedule);
    if (current !== undefined) return current;
    const started = invoke(schedule.functionArn, payloadOf(schedule, now())).finally(() =>
      running.delete(schedule),
    );
    running.set(schedule, started);
    return started;
  };

  const timers = schedules.map((schedule) =>
    // A failure is in the function's log, and the next run happens anyway.
    every((schedule.everySeconds * 1000) / speed, () => void run(schedule).catch(() => undefined)),
  );

  return {
    async fire(id) {
      const schedule = schedules.find((one) => one.id === id);
      if (!schedule) throw new Error(`There is no schedule ${id}`);
      return run(schedule);
    },
    close: () =>
      timers.forEach((timer) => {
        clearInterval(timer);
      }),
  };
}

/** The longest time that a timer of Node waits, 24 days: with a longer one it does not wait at all. */
const maxDelayMs = 2 ** 31 - 1;

function every(milliseconds: number, run: () => void): NodeJS.Timeout {
  const ticksOfRun = Math.ceil(milliseconds / maxDelayMs);
  let ticks = 0;
  return setInterval(() => {
    ticks += 1;
    if (ticks % ticksOfRun === 0) run();
  }, milliseconds / ticksOfRun).unref();
}

function payloadOf(schedule: ScheduleDefinition, now: number): unknown {
  if ('input' in schedule) return schedule.input;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: schedule.source,
    account: accountId,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region,
    resources: [schedule.arn],
    // Scheduler sends the empty detail as text, a rule as an object.
    detail: schedule.source === 'aws.scheduler' ? '{}' : {},
  };
}

import { synthesise } from '../local/synthesise.ts';
import { type MeasuredTask, measureDarkroom } from './darkroom-usage.ts';
import { lognormal } from './durations.ts';
import { measureJobPoller } from './job-poller-usage.ts';
import { billOf, prices, type Usage } from './prices.ts';
import { printTable } from './print-table.ts';
import { sum } from './statistics.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// What a thousand tasks cost on AWS, without storage and data transfer: operations counted on the local stack, times
// the list prices. The time that functions wait for the servers of others is modelled (`internet-time.ts`).

const options = {
  durations: lognormal(Number(process.env['BENCH_TASKS'] ?? 40)),
  concurrency: 3,
  speed: 8,
};

export type DarkroomTasks = Readonly<Record<'polling' | 'webhook', MeasuredTask>>;
let measuredTasks: Promise<DarkroomTasks> | undefined;

/**
 * What a task of Darkroom uses, with a provider that is polled and with one that sends webhooks. Measured once in a run.
 */
export function measureDarkroomTasks(): Promise<DarkroomTasks> {
  measuredTasks ??= withTemporaryDirectory(async (outdir) => {
    await synthesise(outdir);
    return {
      polling: await measureDarkroom(outdir, 'dashscope', options),
      webhook: await measureDarkroom(outdir, 'evolink', options),
    };
  });
  return measuredTasks;
}

/** Measures and prints; returns the rows. */
export async function benchCost(): Promise<readonly object[]> {
  const [fiveSeconds, tenSeconds] = await Promise.all([
    measureJobPoller(5, options),
    measureJobPoller(10, options),
  ]);
  const { polling, webhook } = await measureDarkroomTasks();
  const usages = {
    'Darkroom, polling': polling.usage,
    'Darkroom, webhook': webhook.usage,
    'Job poller, 5 s': fiveSeconds,
    'Job poller, 10 s': tenSeconds,
  };
  const counted = compare('per task', usages, 2, (usage: Usage) => ({ ...usage }));
  const dollars = compare('$ per 1,000 tasks', usages, 3, dollarsOf);
  const memory = Object.entries({ polling, webhook }).map(([design, task]) =>
    memoryRow(design, task),
  );
  printTable('What a task uses', counted);
  printTable(`Cost, list prices of ${prices.asOf}`, dollars);
  printTable('Memory of the functions of the workflow', memory);
  return [...counted, ...dollars, ...memory];
}

/**
 * With half the memory, a function has half a processor and computes twice as long, which costs the same. Its waits
 * for servers of others cost half.
 */
function memoryRow(design: string, { usage, load }: MeasuredTask) {
  const total = sum(Object.values(billOf(usage)));
  const saved = (1000 * load.waitingGigabyteSeconds * prices.gigabyteSecond) / 2;
  return {
    '$ per 1,000 tasks': design,
    'as it is': total.toFixed(3),
    'with half the memory': (total - saved).toFixed(3),
    'without any waiting': (total - 2 * saved).toFixed(3),
  };
}

function dollarsOf(usage: Usage): Record<string, number> {
  const bill = billOf(usage);
  return { ...bill, total: sum(Object.values(bill)) };
}

/** A row for each figure, with a column for each design. */
function compare(
  title: string,
  usages: Readonly<Record<string, Usage>>,
  digits: number,
  figuresOf: (usage: Usage) => Readonly<Record<string, number>>,
): readonly Readonly<Record<string, string>>[] {
  const columns = Object.entries(usages).map(
    ([design, usage]) => [design, figuresOf(usage)] as const,
  );
  const names = Object.keys(columns[0]?.[1] ?? {});
  return names.map((name) => ({
    [title]: name,
    ...Object.fromEntries(
      columns.map(([design, figures]) => [design, (figures[name] ?? 0).toFixed(digits)]),
    ),
  }));
}

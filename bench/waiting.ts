import { synthesise } from '../local/synthesise.ts';
import { openDarkroom } from './darkroom-stack.ts';
import type { Design } from './design.ts';
import { lognormal } from './durations.ts';
import { openJobPoller } from './job-poller.ts';
import { printTable } from './print-table.ts';
import { runTasks, type TaskRuns, warmUp } from './run-tasks.ts';
import { mean, quantile } from './statistics.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// What it costs to notice that the provider has finished, and how late that is: Darkroom's state machine beside two job
// pollers. All run on the same engine, with the same provider and durations.

const tasks = Number(process.env['BENCH_TASKS'] ?? 300);
const speed = Number(process.env['BENCH_SPEED'] ?? 5);
const concurrency = 15;

/** Measures and prints; returns the rows. */
export async function benchWaiting(): Promise<readonly object[]> {
  const rows = await withTemporaryDirectory(async (outdir) => {
    await synthesise(outdir);
    return [
      row('Darkroom, polling', await measure(await openDarkroom(outdir, speed, 'dashscope'))),
      row('Darkroom, webhook', await measure(await openDarkroom(outdir, speed, 'evolink'))),
      // These two run at the same time, because they mostly wait.
      ...(await Promise.all(
        [5, 10].map(async (seconds) =>
          row(`Job poller, ${seconds} s`, await measure(await openJobPoller(seconds, speed))),
        ),
      )),
    ];
  });
  printTable(`Waiting, ${tasks} tasks`, rows);
  return rows;
}

async function measure(design: Design): Promise<TaskRuns> {
  try {
    await warmUp(design);
    return await runTasks(design, { durations: lognormal(tasks), concurrency, speed });
  } finally {
    await design.close();
  }
}

function row(design: string, { timelines, providerCalls }: TaskRuns) {
  const seconds = (values: readonly number[], share: number) =>
    (quantile(values, share) / 1000).toFixed(2);
  const detection = timelines.map(({ detectionMs }) => detectionMs);
  const processing = timelines.map(({ processingMs }) => processingMs);
  const lag = timelines.map(({ detectionMs, processingMs }) => detectionMs + processingMs);
  return {
    design,
    'provider takes': `${mean(timelines.map(({ providerMs }) => providerMs / 1000)).toFixed(1)} s`,
    transitions: mean(timelines.map(({ transitions }) => transitions)).toFixed(1),
    'provider calls': providerCalls.toFixed(1),
    'detection p50': seconds(detection, 0.5),
    'detection p95': seconds(detection, 0.95),
    'processing p50': seconds(processing, 0.5),
    'processing p95': seconds(processing, 0.95),
    'lag p50': seconds(lag, 0.5),
    'lag p95': seconds(lag, 0.95),
  };
}

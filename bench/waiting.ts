import { synthesise } from '../local/synthesise.ts';
import type { Design } from './design.ts';
import { lognormal } from './durations.ts';
import { openNaive } from './naive.ts';
import { openOurs } from './ours.ts';
import { printTable } from './print-table.ts';
import { quantile } from './quantile.ts';
import { type Ran, runTasks, warm } from './run-tasks.ts';
import { mean } from './statistics.ts';
import { inTemporary } from './temporary.ts';

// What it costs to learn that the provider is done, and how late it is learned: our machine beside
// the two that are copied everywhere. The same engine, the same provider, the same durations.

const tasks = Number(process.env['BENCH_TASKS'] ?? 300);
const speed = Number(process.env['BENCH_SPEED'] ?? 5);
const atOnce = 15;

/** Measures and prints; answers the rows. */
export async function benchWaiting(): Promise<readonly object[]> {
  const rows = await inTemporary(async (outdir) => {
    await synthesise(outdir);
    return [
      row('ours, asking', await measure(await openOurs(outdir, speed, 'dashscope'))),
      row('ours, called back', await measure(await openOurs(outdir, speed, 'evolink'))),
      // Together: what runs is little, and mostly they wait.
      ...(await Promise.all(
        [5, 10].map(async (seconds) =>
          row(`Wait ${seconds} s, ask, look`, await measure(await openNaive(seconds, speed))),
        ),
      )),
    ];
  });
  printTable(`Waiting, ${tasks} tasks`, rows);
  return rows;
}

async function measure(design: Design): Promise<Ran> {
  try {
    await warm(design);
    return await runTasks(design, { durations: lognormal(tasks), atOnce, speed });
  } finally {
    await design.close();
  }
}

function row(design: string, { journeys, providerCalls }: Ran) {
  const seconds = (values: readonly number[], share: number) =>
    (quantile(values, share) / 1000).toFixed(2);
  const unnoticed = journeys.map(({ unnoticedMs }) => unnoticedMs);
  const working = journeys.map(({ workingMs }) => workingMs);
  const lag = journeys.map(({ unnoticedMs, workingMs }) => unnoticedMs + workingMs);
  return {
    design,
    'provider takes': `${mean(journeys.map(({ providerMs }) => providerMs / 1000)).toFixed(1)} s`,
    transitions: mean(journeys.map(({ transitions }) => transitions)).toFixed(1),
    'provider calls': providerCalls.toFixed(1),
    ...{ 'unnoticed p50': seconds(unnoticed, 0.5), 'unnoticed p95': seconds(unnoticed, 0.95) },
    ...{ 'working p50': seconds(working, 0.5), 'working p95': seconds(working, 0.95) },
    ...{ 'lag p50': seconds(lag, 0.5), 'lag p95': seconds(lag, 0.95) },
  };
}

import { synthesise } from '../local/synthesise.ts';
import { measureDarkroom } from './darkroom-usage.ts';
import { lognormal } from './durations.ts';
import { measureJobPoller } from './job-poller-usage.ts';
import { billOf, prices, type Usage } from './prices.ts';
import { printTable } from './print-table.ts';
import { sum } from './statistics.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// What a thousand tasks cost on AWS, without storage and data transfer: operations counted on the local
// stack, times the list prices.

const options = { durations: lognormal(40), concurrency: 3, speed: 8 };

/** Measures and prints; returns the rows. */
export async function benchCost(): Promise<readonly object[]> {
  const usages = await withTemporaryDirectory(async (outdir) => {
    await synthesise(outdir);
    const [fiveSeconds, tenSeconds] = await Promise.all([
      measureJobPoller(5, options),
      measureJobPoller(10, options),
    ]);
    return {
      'Darkroom, polling': await measureDarkroom(outdir, 'dashscope', options),
      'Darkroom, webhook': await measureDarkroom(outdir, 'evolink', options),
      'Job poller, 5 s': fiveSeconds,
      'Job poller, 10 s': tenSeconds,
    };
  });
  const counted = compare('per task', usages, 2, (usage: Usage) => ({ ...usage }));
  const dollars = compare('$ per 1,000 tasks', usages, 3, dollarsOf);
  printTable('What a task uses', counted);
  printTable(`Cost, list prices of ${prices.asOf}`, dollars);
  return [...counted, ...dollars];
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

import { synthesise } from '../local/synthesise.ts';
import { lognormal } from './durations.ts';
import { oursMetered } from './metered.ts';
import { naiveMetered } from './naive-metered.ts';
import { billOf, prices, type Usage } from './prices.ts';
import { printTable } from './print-table.ts';
import { sum } from './statistics.ts';
import { inTemporary } from './temporary.ts';

// What a thousand tasks cost on AWS, without what is stored and sent out: operations counted on the
// laptop, times the list prices.

const run = { durations: lognormal(40), atOnce: 3, speed: 8 };

/** Measures and prints; answers the rows. */
export async function benchCost(): Promise<readonly object[]> {
  const usages = await inTemporary(async (outdir) => {
    await synthesise(outdir);
    const [five, ten] = await Promise.all([naiveMetered(5, run), naiveMetered(10, run)]);
    return {
      'ours, asking': await oursMetered(outdir, 'dashscope', run),
      'ours, called back': await oursMetered(outdir, 'evolink', run),
      'Wait 5 s': five,
      'Wait 10 s': ten,
    };
  });
  const counted = beside('a task', usages, 2, (usage: Usage) => ({ ...usage }));
  const dollars = beside('$ per 1,000 tasks', usages, 3, totalled);
  printTable('What a task uses', counted);
  printTable(`Cost, list prices of ${prices.asOf}`, dollars);
  return [...counted, ...dollars];
}

function totalled(usage: Usage): Record<string, number> {
  const bill = billOf(usage);
  return { ...bill, total: sum(Object.values(bill)) };
}

/** One row for each figure, one column for each design. */
function beside(
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

import { type DarkroomTasks, measureDarkroomTasks } from './cost.ts';
import { printTable } from './print-table.ts';
import { type Quota, quotasOf, tasksPerSecond } from './quotas.ts';
import { type Simulated, simulateBusyAccount } from './simulation/busy-account.ts';
import { simulateOptimisticLedger } from './simulation/optimistic-ledger.ts';
import { simulateShardedLedger } from './simulation/sharded-ledger.ts';

// How many tasks a second are possible: for one account, by a simulation of its ledger, and in total, by the quotas.

const offered = [10, 20, 40, 80, 150, 300, 600, 1000];
const ledgers = { before: simulateOptimisticLedger, now: simulateShardedLedger };

/** The published latencies of 2020, and half of them. */
const slownesses = { '2020': 1, half: 0.5 };

const rates = [1, 10, 100, 1000];
const designs = ['polling', 'webhook'] as const;

/** Simulates, measures and prints; returns the rows. */
export async function benchScale(): Promise<readonly object[]> {
  const simulated = simulate();
  printTable('One account, simulated', simulated);
  const tasks = await measureDarkroomTasks();
  const quotas = designs.flatMap((design) => quotaRows(tasks, design));
  printTable('Quotas', quotas);
  const binding = designs.flatMap((design) => rates.map((rate) => bindingRow(tasks, design, rate)));
  printTable('Which quota binds first', binding);
  return [...simulated, ...quotas, ...binding];
}

const simulate = () =>
  Object.entries(slownesses).flatMap(([latencies, slowness]) =>
    offered.flatMap((rate) =>
      Object.entries(ledgers).map(([name, ledger]) => ({
        latencies,
        'tasks/s': rate,
        ledger: name,
        ...figuresOf(simulateBusyAccount({ ledger, tasksPerSecond: rate, slowness })),
      })),
    ),
  );

const figuresOf = ({ done, givenUp, createP50, createP99, units }: Simulated) => ({
  'done/s': done.toFixed(1),
  'given up %': (100 * givenUp).toFixed(1),
  'create p50 s': (createP50 / 1000).toFixed(3),
  'create p99 s': (createP99 / 1000).toFixed(3),
  'write units a task': Number.isFinite(units) ? units.toFixed(0) : 'none done',
});

const quotaRows = (tasks: DarkroomTasks, design: (typeof designs)[number]) =>
  quotasOf(tasks[design], design).map((quota) => ({
    provider: design,
    quota: quota.name,
    of: quota.of,
    'a task needs': quota.need.toFixed(2),
    'there is': quota.quota,
    'tasks/s':
      tasksPerSecond(quota) < 10
        ? tasksPerSecond(quota).toFixed(2)
        : tasksPerSecond(quota).toFixed(0),
  }));

/** The quotas that are too low for so many tasks a second, grouped by who can raise them; the lowest first. */
function bindingRow(tasks: DarkroomTasks, design: (typeof designs)[number], rate: number) {
  const binding = quotasOf(tasks[design], design).filter((quota) => tasksPerSecond(quota) < rate);
  const namesOf = (owner: Quota['of']) =>
    binding.flatMap(({ name, of }) => (of === owner ? [name] : [])).join('; ') || '–';
  return {
    provider: design,
    'tasks/s': rate,
    'binds first': binding[0]?.name ?? 'nothing',
    "the provider's": namesOf('provider'),
    "Darkroom's own": namesOf('Darkroom'),
    "AWS's": namesOf('AWS'),
  };
}

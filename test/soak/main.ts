import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesise } from '../../local/synthesise.ts';
import { openFaultWorld } from '../flow/faults/fault-world.ts';
import { rescuesIn, table } from './report.ts';
import { type Soaked, soak, type Wish } from './soak.ts';

const { values: said } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '2' },
  },
});
const wish = {
  tasks: Number(said.tasks),
  concurrency: Number(said.concurrency),
  seed: Number(said.seed),
};
const tell = (text: string) => process.stdout.write(`${text}\n`);

const directory = mkdtempSync(join(tmpdir(), 'darkroom-soak-'));
try {
  const outdir = join(directory, 'cdk.out');
  await synthesise(outdir);
  process.exitCode = (await run(outdir, wish)) ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Answers whether everything adds up. */
async function run(outdir: string, wish: Wish): Promise<boolean> {
  const answers = (path: string, attempt: number) => (attempt > Number(path.slice(1)) ? 200 : 500);
  const world = await openFaultWorld({ outdir, answers, speed: Number(said.speed) });
  const peak = peakMemory();
  const started = performance.now();
  try {
    tell(`${wish.tasks} tasks, ${wish.concurrency} at a time, seed ${wish.seed}`);
    const soaked = await soak(world, wish);
    report(soaked, rescuesIn(join(world.dataDir, 'logs')), performance.now() - started, peak());
    return soaked.wrong.length === 0;
  } finally {
    await world.close();
  }
}

function report(
  { ended, ordered, happened, looks, wrong }: Soaked,
  rescues: Map<string, number>,
  milliseconds: number,
  megabytes: number,
): void {
  const faults = [...ordered].map(
    ([kind, times]) => [`${kind} (of ${times} ordered)`, happened.get(kind) ?? 0] as const,
  );
  tell(table('\nTasks by how they ended', ended));
  tell(table('Faults that came about', new Map(faults)));
  tell(table('Rescues, as the functions tell', rescues));
  tell(`${Math.round(milliseconds / 1000)} s, ${looks} looks at the end, ${megabytes} MB at most`);
  tell(wrong.length === 0 ? 'Nothing is lost, and the money adds up.' : wrong.join('\n'));
}

/** How much memory the laptop took at most, with all its functions. */
function peakMemory(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 500).unref();
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1024 ** 2);
  };
}

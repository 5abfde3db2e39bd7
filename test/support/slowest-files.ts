import type { Reporter, TestModule } from 'vitest/node';

const shown = 10;

/** Prints which test files took longest, with their hooks and imports, after a run of more than ten files. */
export const slowestFiles: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= shown) return;
    const slowest = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: secondsOf(module) }))
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, shown);
    const lines = slowest.map(
      ({ file, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${file}`,
    );
    process.stdout.write(`\nThe ten slowest files:\n${lines.join('\n')}\n`);
  },
};

function secondsOf(module: TestModule): number {
  const { duration, collectDuration, setupDuration } = module.diagnostic();
  return (duration + collectDuration + setupDuration) / 1000;
}

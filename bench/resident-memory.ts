import { execFileSync } from 'node:child_process';

const sampleMs = 500;

/** The resident memory of all processes that this process has started, in MB. */
export function residentMb(): number {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    // `ps` lists itself, too.
    .filter(([, , , name]) => name !== 'ps')
    .map(([pid, parent, kilobytes]) => ({ pid, parent, kilobytes: Number(kilobytes) }));
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const residentKb = (pid: string | undefined): number =>
    (children.get(pid) ?? []).reduce(
      (total, child) => total + child.kilobytes + residentKb(child.pid),
      0,
    );
  return Math.round(residentKb(String(process.pid)) / 1024);
}

/** Samples the memory from now on. The returned function stops the sampling and returns the peak in MB. */
export function watchPeak(): () => number {
  let peak = residentMb();
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb());
  }, sampleMs).unref();
  return () => {
    clearInterval(timer);
    return peak;
  };
}

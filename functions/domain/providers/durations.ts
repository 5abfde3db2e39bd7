import type { ProviderName } from '../model/catalogue.ts';
import type { Settled } from '../model/task.ts';

/** How long tasks have been taking lately at a provider, in seconds. */
export type Durations = {
  /** Undefined as long as too few are known. */
  typicalSeconds(model: string, provider: ProviderName): Promise<number | undefined>;
  recordDuration(model: string, provider: ProviderName, seconds: number): Promise<void>;
};

/** How many of the latest tasks count: older ones say little about how fast a model is today. */
const sampleSize = 24;
/** With fewer than these no duration is known yet. */
const minSampleSize = 5;

/** How long the latest tasks took, in seconds, the newest last. */
export type Sample = readonly number[];

// At least a second: progress is divided by it, and the clocks of two functions may differ.
export const withNewest = (sample: Sample, seconds: number): Sample =>
  [...sample, Math.max(1, Math.round(seconds * 10) / 10)].slice(-sampleSize);

/** How long a task typically takes: the median, which one task that hung for minutes does not move. */
export function medianOf(sample: Sample): number | undefined {
  if (sample.length < minSampleSize) return undefined;
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Records how long a provider took for the images of a task. A failure to record it is only logged. */
export const recordDurationOf =
  (
    durations: Pick<Durations, 'recordDuration'>,
    failed: (taskId: string, cause: unknown) => void,
  ) =>
  async (settled: Settled | undefined): Promise<void> => {
    const { task } = settled ?? {};
    if (task?.status !== 'processing' || task.outcome?.state !== 'succeeded') return;
    const { id, model, provider, submittedAt, outcomeAt } = task;
    if (outcomeAt === undefined) return;
    const seconds = (outcomeAt - submittedAt) / 1000;
    await durations.recordDuration(model, provider, seconds).catch((cause) => failed(id, cause));
  };

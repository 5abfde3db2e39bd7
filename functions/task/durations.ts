import type { ProviderName } from './provider.ts';
import type { Settled } from './settle-task.ts';

/** How long tasks have been taking lately at a provider, in seconds. */
export type Durations = {
  /** Nothing as long as too few are known. */
  usual(model: string, provider: ProviderName): Promise<number | undefined>;
  learn(model: string, provider: ProviderName, seconds: number): Promise<void>;
};

/** So many tasks are remembered, the latest ones: older ones tell little about how a model is today. */
const remembered = 24;
/** With fewer than these nothing is known yet. */
const enough = 5;

/** How long the latest tasks took, in seconds, the newest last. */
export type Sample = readonly number[];

// A second at the least, whatever the clocks of two functions say: progress is measured by it.
export const withNewest = (sample: Sample, seconds: number): Sample =>
  [...sample, Math.max(1, Math.round(seconds * 10) / 10)].slice(-remembered);

/** What a task usually takes: the median, which one that hung for minutes does not move. */
export function usualOf(sample: Sample): number | undefined {
  if (sample.length < enough) return undefined;
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Remembers how long a provider took for a task that it painted. What is not learned is no loss to anybody. */
export const learnFrom =
  (durations: Pick<Durations, 'learn'>, failed: (taskId: string, cause: unknown) => void) =>
  async (settled: Settled | undefined): Promise<void> => {
    const { task } = settled ?? {};
    if (task?.status !== 'processing' || task.outcome?.state !== 'succeeded') return;
    const { id, model, provider, submittedAt, outcomeAt } = task;
    if (!provider || outcomeAt === undefined) return;
    const seconds = (outcomeAt - submittedAt) / 1000;
    await durations.learn(model, provider, seconds).catch((cause) => failed(id, cause));
  };

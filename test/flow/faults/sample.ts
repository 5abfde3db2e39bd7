import { randomFrom } from './random.ts';

// `FAULTS=all` plays everything; a number, so many of each kind; `FAULTS_SEED` chooses other ones.
const { FAULTS = '5', FAULTS_SEED = '1' } = process.env;

/** What is played of all that could happen, in its order: without further words a sample. */
export function sample<T>(all: readonly T[]): readonly T[] {
  if (FAULTS === 'all') return all;
  const random = randomFrom(Number(FAULTS_SEED));
  const drawn = all
    .map((one, index) => ({ one, index, lot: random() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, Number(FAULTS));
  return drawn.toSorted((a, b) => a.index - b.index).map(({ one }) => one);
}

import { seededRandom } from '../../local/providers/images/random.ts';

// `FAULTS=all` runs every case; a number runs that many of each kind. `FAULTS_SEED` selects other cases.
const { FAULTS = '5', FAULTS_SEED = '1' } = process.env;

/**
 * The cases to run, in their order: a random sample unless `FAULTS` says otherwise. `maxCount` limits them for `FAULTS=all`
 * where one case takes long.
 */
export function sample<T>(all: readonly T[], maxCount?: number): readonly T[] {
  const count = FAULTS === 'all' ? maxCount : Number(FAULTS);
  if (count === undefined) return all;
  const random = seededRandom(Number(FAULTS_SEED));
  const drawn = all
    .map((item, index) => ({ item, index, lot: random() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, count);
  return drawn.toSorted((a, b) => a.index - b.index).map(({ item }) => item);
}

import * as fc from 'fast-check';
import { type Deed, deed, opening } from './interleavings-deeds.ts';
import { type Death, Died, doorTo, takingTurns } from './interleavings-turns.ts';
import type { World } from './interleavings-world.ts';

/** A deed and how often, and where, its process dies before it is through with it. */
type Process = { readonly deed: Deed; readonly deaths: readonly Death[]; toString(): string };

/** Processes that run at the same time, and in which order their calls reach the store. */
type Moment = {
  readonly processes: readonly Process[];
  readonly order: readonly number[];
  toString(): string;
};

const death = (mostCalls: number) =>
  fc.record<Death>({
    call: fc.integer({ min: 1, max: mostCalls }),
    when: fc.constantFrom('before', 'after'),
  });

const process = (mostCalls: number): fc.Arbitrary<Process> =>
  fc
    .record({ deed, deaths: fc.array(death(mostCalls), { maxLength: 2 }) })
    .map(({ deed, deaths }) => ({
      ...{ deed, deaths },
      toString: () =>
        [`${deed}`, ...deaths.map(({ when, call }) => `dies ${when} call ${call}`)].join(', '),
    }));

// The race that matters most: two who are about to do the same.
const twinOf = ({ deed }: Process): Process => ({ deed, deaths: [], toString: () => `${deed}` });

const moment = (mostCalls: number): fc.Arbitrary<Moment> =>
  fc
    .record({
      processes: some(process(mostCalls), 3),
      twins: fc.boolean(),
      order: fc.array(fc.nat(3), { maxLength: 5 * mostCalls }),
    })
    .map(({ processes: [first, ...others], twins, order }) => ({
      processes: first ? [first, ...(twins ? [twinOf(first)] : []), ...others] : [],
      order,
    }))
    .map(({ processes, order }) => ({
      ...{ processes, order },
      toString: () =>
        processes.length === 1
          ? `\n  ${processes}`
          : `\n  at once, in turns [${order}]: ${processes.join(' | ')}`,
    }));

/** Histories on a ground where a deed takes at most so many calls. */
export const history = (mostCalls: number): fc.Arbitrary<readonly Moment[]> =>
  some(moment(mostCalls), 8).map((moments) =>
    moments.filter(({ processes }) => processes.length > 0),
  );

// A list shrinks from its front alone; one whose items may be nothing loses any of them.
function some<T>(arbitrary: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<readonly T[]> {
  return fc
    .array(fc.option(arbitrary, { nil: undefined, freq: 20 }), { maxLength, size: 'max' })
    .map((items) => items.filter((item) => item !== undefined));
}

/** Lets it happen, moment by moment. */
export async function happen(world: World, moments: readonly Moment[]): Promise<void> {
  const beginning = opening.map((deed) => ({ processes: [{ deed, deaths: [] }], order: [] }));
  for (const { processes, order } of [...beginning, ...moments]) {
    await takingTurns(
      processes.map((process) => (turn) => run(world, process, turn)),
      order,
    );
  }
}

// Done again until nothing kills it, as the workflow and a patient caller do.
async function run(
  world: World,
  { deed, deaths }: Process,
  turn: () => Promise<void>,
): Promise<void> {
  const note = (what: string) => world.trace.push(`${deed}: ${what}`);
  for (const death of [...deaths, undefined]) {
    try {
      return await deed.attempt(world, doorTo(turn, note, death));
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  }
}

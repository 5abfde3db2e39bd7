import type { Invocation, KillOrder } from '../../../local/faults/kills.ts';

/** A moment at which a function can die: before or after one of its calls. */
export type Cut = Required<Pick<KillOrder, 'function' | 'named' | 'call' | 'when' | 'nth'>> & {
  /** Nobody can tell whether the provider took the job: it was to be asked, and no ticket is kept. */
  readonly isUnclear: boolean;
};

/** How often a state repeats itself depends on the clock; from the third time on nothing is new. */
const mostRounds = 2;

/**
 * All cuts of the functions of a run that are meant, in the words of its record: sandboxes that are
 * warm make fewer calls.
 */
export function cutsOf(
  record: readonly Invocation[],
  isMeant: (name: string) => boolean = isWorkflow,
): readonly Cut[] {
  const rounds = new Map<string, number>();
  return record.flatMap(({ function: name, calls }) =>
    !isMeant(name)
      ? []
      : calls.flatMap((named, index) => {
          const call = calls.slice(0, index + 1).filter((one) => one === named).length;
          const place = [name, named, call].join();
          const nth = (rounds.get(place) ?? 0) + 1;
          rounds.set(place, nth);
          if (nth > mostRounds) return [];
          return (['before', 'after'] as const).map((when) => {
            const done = when === 'before' ? index : index + 1;
            return {
              function: name,
              named,
              call,
              when,
              nth,
              isUnclear: isUnclear(name, calls, done),
            };
          });
        }),
  );
}

const isWorkflow = (name: string): boolean =>
  name.startsWith('workflow/') || name === 'events/input-uploaded';

const write = 'dynamodb UpdateItem';

// The first write is the mark, the last one the ticket; `done` calls have been made in between.
const isUnclear = (name: string, calls: readonly string[], done: number): boolean =>
  name === 'workflow/submit-task' &&
  done > calls.indexOf(write) &&
  done <= calls.lastIndexOf(write);

/** Those that are in both of two runs: a client that tries again, or a slow start, is in one of them. */
export function inBoth(some: readonly Cut[], others: readonly Cut[]): readonly Cut[] {
  const known = new Set(others.map(sayCut));
  return some.filter((cut) => known.has(sayCut(cut)));
}

/** A cut in words. */
export const sayCut = ({ function: name, named, call, when, nth }: Cut): string =>
  `${name} ${nth > 1 ? `(round ${nth}) ` : ''}dies ${when} ${named}${call > 1 ? ` #${call}` : ''}`;

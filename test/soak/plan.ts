import type { Cut } from '../flow/faults/cuts.ts';

/** What may go wrong with a task; most of them get through without. */
const kinds = [
  'function dies',
  'function dies at every try',
  'creating function dies',
  'rescuing function dies',
  'upload is not told',
  'upload is told twice',
  'start is refused',
  'start is not answered',
  'start comes twice',
  'wake-up is refused',
  'wake-up is not answered',
  'execution is aborted',
  'execution is aborted, unheard',
  'execution times out',
  'sweep does not run',
  'provider does not answer',
  'provider is busy',
  'provider makes less',
  'provider fails',
] as const;
export type Kind = (typeof kinds)[number];

/** One task of the soak, and what is done to it. */
export type Plan = {
  readonly number: number;
  readonly byUploads: boolean;
  readonly n: number;
  /** So many callbacks are refused first; absent when nobody wants to be told. */
  readonly refusals: number | undefined;
  /** When it is cancelled, in milliseconds from its creation. */
  readonly cancelAfterMs: number | undefined;
  readonly fault: Kind | undefined;
  readonly cut: Cut;
  /** For whatever else is left to chance, from 0 to 1. */
  readonly chance: number;
};

export function planOf(number: number, random: () => number, cuts: readonly Cut[]): Plan {
  const any = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  const [first] = cuts;
  if (!first) throw new Error('there are no cuts');
  return {
    ...{ number, byUploads: random() < 0.3, n: any([1, 1, 1, 2, 3, 4]) },
    refusals: random() < 0.7 ? any([0, 0, 0, 1, 3, 5, 9]) : undefined,
    cancelAfterMs: random() < 0.1 ? random() * 6000 : undefined,
    fault: random() < 0.6 ? any(kinds) : undefined,
    ...{ cut: any([first, ...cuts]), chance: random() },
  };
}

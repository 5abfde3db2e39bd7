import * as z from 'zod';
import { type Code, isCode, Refusal } from './codes.ts';

const Seconds = z.number().min(0).max(86_400);

const Settings = z.strictObject({
  /** How long a job takes, from its submit to its end. */
  seconds: Seconds,
  /** How long the next jobs take, one each; after them it is `seconds` again. */
  durations: z.array(Seconds).min(1),
  submit: z.enum(['ok', 'busy', 'refused', 'lost']),
  poll: z.enum(['ok', 'busy']),
  outcome: z.enum(['succeeded', 'partial', 'failed']),
  /** The vendor's code for `refused` and `failed`. */
  code: z.custom<Code>((value) => typeof value === 'string' && isCode(value), {
    error: 'must be one of the vendor’s error codes',
  }),
  /** How often what is set happens before it is "ok" again; without it, until the next change. */
  times: z.int().min(1),
});
const Change = Settings.partial();

type Kind = 'submit' | 'poll' | 'outcome';
type Complete = z.infer<typeof Settings>;
type Current = Pick<Complete, 'seconds' | Kind> & { readonly code?: Code | undefined };

export type Settings = Current & {
  readonly times?: number;
  readonly durations?: readonly number[];
};
/** What is to be different from now on; the rest stays as it is. */
export type Change = z.infer<typeof Change>;

export type Control = {
  /** @throws {Refusal} when a field or value is unknown; then nothing is changed */
  change(change: unknown): void;
  reset(): void;
  settings(): Settings;
  /** What happens this time; uses one of the `times` up. */
  take<K extends Kind>(kind: K): Settings[K];
  /** How long the job takes that is accepted now; uses one of the `durations` up. */
  takeSeconds(): number;
};

const kinds = ['submit', 'poll', 'outcome'] as const;
const normal = { submit: 'ok', poll: 'ok', outcome: 'succeeded' } as const;
const forever = { submit: Infinity, poll: Infinity, outcome: Infinity };

/** How the next jobs behave. */
export function control(seconds: number): Control {
  let current: Current = { ...normal, seconds };
  let left: Record<Kind, number> = { ...forever };
  let durations: readonly number[] = [];
  const unusual = () => kinds.filter((kind) => current[kind] !== normal[kind]);

  return {
    change(change) {
      const read = readChange(change);
      current = merged(current, read);
      durations = read.durations ?? durations;
      const named = kinds.filter((kind) => read[kind] !== undefined);
      const counted = named.length === 0 && read.times ? unusual() : named;
      for (const kind of counted) left[kind] = read.times ?? Infinity;
    },
    reset() {
      current = { ...normal, seconds };
      left = { ...forever };
      durations = [];
    },
    settings() {
      const times = Math.max(...unusual().map((kind) => left[kind]));
      return {
        ...current,
        ...(Number.isFinite(times) && { times }),
        ...(durations.length > 0 && { durations }),
      };
    },
    take(kind) {
      const value = current[kind];
      if (value === normal[kind]) return value;
      left[kind] -= 1;
      if (left[kind] < 1) current = { ...current, [kind]: normal[kind] };
      // The code belonged to what is over now; the next failure has its own or the usual one.
      if (unusual().length === 0) current = { ...current, code: undefined };
      return value;
    },
    takeSeconds() {
      const [next = current.seconds, ...later] = durations;
      durations = later;
      return next;
    },
  };
}

const merged = (current: Current, change: Change): Current => ({
  seconds: change.seconds ?? current.seconds,
  submit: change.submit ?? current.submit,
  poll: change.poll ?? current.poll,
  outcome: change.outcome ?? current.outcome,
  code: change.code ?? current.code,
});

function readChange(change: unknown): Change {
  const { success, data, error } = Change.safeParse(change);
  if (success) return data;
  const complaints = error.issues.map(
    ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
  );
  throw new Refusal('InvalidParameter', complaints.join('; '));
}

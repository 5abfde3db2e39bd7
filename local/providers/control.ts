import * as z from 'zod';
import { type CapacityChange, capacityChange, type ProviderLoad } from './capacity.ts';
import { type ErrorCode, isErrorCode, ProviderError } from './provider-error.ts';

const Seconds = z.number().min(0).max(86_400);

const Settings = z.strictObject({
  /** How long a job takes, from its submit to its end. */
  seconds: Seconds,
  /** How long the next jobs take, one entry for each job; later jobs take `seconds` again. */
  durations: z.array(Seconds).min(1),
  submit: z.enum(['ok', 'busy', 'refused', 'lost']),
  poll: z.enum(['ok', 'busy']),
  outcome: z.enum(['succeeded', 'partial', 'failed']),
  /** The vendor's code for `refused` and `failed`. */
  code: z.custom<ErrorCode>((value) => typeof value === 'string' && isErrorCode(value), {
    error: 'must be one of the vendor’s error codes',
  }),
  /** How often the changed behaviour happens before it is "ok" again; without it, until the next change. */
  times: z.int().min(1),
});

type Kind = 'submit' | 'poll' | 'outcome';
type AllSettings = z.infer<typeof Settings>;
type Current = Pick<AllSettings, 'seconds' | Kind> & { readonly code?: ErrorCode | undefined };

export type Settings = Current & {
  readonly times?: number;
  readonly durations?: readonly number[];
};
/** The settings and limits that change; the others stay as they are. */
export type Change = { readonly [Name in keyof AllSettings]?: AllSettings[Name] | undefined } & {
  readonly capacity?: CapacityChange | undefined;
};

export type Control = {
  /** @throws {ProviderError} when a field or value is unknown; then nothing changes */
  change(change: unknown): void;
  reset(): void;
  settings(): Settings;
  /** The behaviour for this occasion; uses up one of the `times`. */
  consume<K extends Kind>(kind: K): Settings[K];
  /** How long the job takes that is accepted now; uses up one of the `durations`. */
  consumeSeconds(): number;
};

const kinds = ['submit', 'poll', 'outcome'] as const;
const defaults = { submit: 'ok', poll: 'ok', outcome: 'succeeded' } as const;
const forever = { submit: Infinity, poll: Infinity, outcome: Infinity };

/** The settings by which the next jobs behave, and the limits of the providers. */
export function control(
  seconds: number,
  loads: Readonly<Record<string, ProviderLoad>>,
  advanceJobs: () => void,
): Control {
  const Change = Settings.partial().extend({
    capacity: capacityChange(Object.keys(loads)).optional(),
  });
  let current: Current = { ...defaults, seconds };
  let left: Record<Kind, number> = { ...forever };
  let durations: readonly number[] = [];
  const changedKinds = () => kinds.filter((kind) => current[kind] !== defaults[kind]);

  return {
    change(change) {
      const parsed = parseChange(Change, change);
      advanceJobs(); // what has happened until now happened under the old limits
      for (const [name, load] of Object.entries(loads)) load.change(parsed.capacity?.[name]);
      advanceJobs();
      current = merged(current, parsed);
      durations = parsed.durations ?? durations;
      const named = kinds.filter((kind) => parsed[kind] !== undefined);
      const counted = named.length === 0 && parsed.times ? changedKinds() : named;
      for (const kind of counted) left[kind] = parsed.times ?? Infinity;
    },
    reset() {
      current = { ...defaults, seconds };
      left = { ...forever };
      durations = [];
      advanceJobs();
      for (const load of Object.values(loads)) load.restore();
      advanceJobs();
    },
    settings() {
      const times = Math.max(...changedKinds().map((kind) => left[kind]));
      return {
        ...current,
        ...(Number.isFinite(times) && { times }),
        ...(durations.length > 0 && { durations }),
      };
    },
    consume(kind) {
      const value = current[kind];
      if (value === defaults[kind]) return value;
      left[kind] -= 1;
      if (left[kind] < 1) current = { ...current, [kind]: defaults[kind] };
      // The code belonged to the behaviour that has ended. The next failure has its own code or the default.
      if (changedKinds().length === 0) current = { ...current, code: undefined };
      return value;
    },
    consumeSeconds() {
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

function parseChange(Change: z.ZodType<Change>, change: unknown): Change {
  const { success, data, error } = Change.safeParse(change);
  if (success) return data;
  const problems = error.issues.map(
    ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
  );
  throw new ProviderError('InvalidParameter', problems.join('; '));
}

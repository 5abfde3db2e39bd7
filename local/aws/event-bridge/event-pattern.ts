import * as z from 'zod';
import { isJsonObject } from '../json-object.ts';

/** The events that match a rule: each field of the pattern must have one of the values that are listed for it. */
export type EventPattern = { readonly [field: string]: readonly Condition[] | EventPattern };

type Condition = z.infer<typeof Condition>;

// Strict, so that a condition that is not evaluated here is an error.
const Condition = z.union(
  [z.string(), z.number(), z.boolean(), z.null(), z.strictObject({ prefix: z.string() })],
  {
    error: ({ input }) =>
      `the local stack compares with values and prefixes only, not with ${JSON.stringify(input)}`,
  },
);

/** A list of conditions, or fields of the field. Not a union, whose error would not say what is wrong inside. */
const Field = z.unknown().transform((field, { addIssue }) => {
  const parsed = (Array.isArray(field) ? z.array(Condition) : EventPattern).safeParse(field);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

export const EventPattern: z.ZodType<EventPattern> = z.record(
  z.string(),
  Field,
  'a list of conditions or further fields were expected',
);

export const matches = (pattern: EventPattern, event: unknown): boolean =>
  isJsonObject(event) &&
  Object.entries(pattern).every(([field, wanted]) =>
    isList(wanted) ? isOneOf(wanted, event[field]) : matches(wanted, event[field]),
  );

const isList = (wanted: readonly Condition[] | EventPattern): wanted is readonly Condition[] =>
  Array.isArray(wanted);

// A field that holds a list matches if one of its items does.
const isOneOf = (wanted: readonly Condition[], found: unknown): boolean =>
  wanted.some((condition) => [found].flat().some((value) => conditionMatches(condition, value)));

const conditionMatches = (condition: Condition, value: unknown): boolean =>
  isJsonObject(condition)
    ? typeof value === 'string' && value.startsWith(condition.prefix)
    : value === condition;

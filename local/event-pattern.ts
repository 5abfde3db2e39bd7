import * as z from 'zod';
import { isObject } from './template/template-value.ts';

/** Which events a rule is for: every field that it names must have one of the values it names. */
export type EventPattern = { readonly [field: string]: readonly Condition[] | EventPattern };

type Condition = z.infer<typeof Condition>;

// Strict: what is not compared here must not look as if it were.
const Condition = z.union(
  [z.string(), z.number(), z.boolean(), z.null(), z.strictObject({ prefix: z.string() })],
  'the laptop compares with values and prefixes only',
);

export const EventPattern: z.ZodType<EventPattern> = z.record(
  z.string(),
  z.lazy(() => z.union([z.array(Condition), EventPattern])),
);

export const matches = (pattern: EventPattern, event: unknown): boolean =>
  isObject(event) &&
  Object.entries(pattern).every(([field, wanted]) =>
    isList(wanted) ? isOneOf(wanted, event[field]) : matches(wanted, event[field]),
  );

const isList = (wanted: readonly Condition[] | EventPattern): wanted is readonly Condition[] =>
  Array.isArray(wanted);

// A field that holds a list fits if one of its items does.
const isOneOf = (wanted: readonly Condition[], found: unknown): boolean =>
  wanted.some((condition) => [found].flat().some((value) => isMet(condition, value)));

const isMet = (condition: Condition, value: unknown): boolean =>
  isObject(condition)
    ? typeof value === 'string' && value.startsWith(condition.prefix)
    : value === condition;

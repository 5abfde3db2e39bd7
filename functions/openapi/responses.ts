import { type ProblemCode, problemCodes } from '../task/problem.ts';
import * as headers from './headers.ts';
import { type Json, pascalCase, reference } from './json-schema.ts';
import type { Operation, Operations } from './operation.ts';
import { envelope, problemExample, statusOf, whenAnswered } from './problems.ts';

const withKey = ['unauthorized', 'KEY_DISABLED', 'KEY_EXPIRED', 'permission_denied'] as const;
const withBody = ['invalid_request', 'request_too_large', 'unsupported_media_type'] as const;

/** A body in JSON: its schema, and what it is like. */
export const jsonContent = (schema: Json, examples: Readonly<Record<string, unknown>>): Json => ({
  'application/json': {
    schema,
    examples: Object.fromEntries(
      Object.entries(examples).map(([name, value]) => [name, { value }]),
    ),
  },
});

/** Everything a route can answer, by status. */
export function responsesOf(operation: Operation): Json {
  const refusals = refusalsOf(operation).map(({ status, name, codes }) => [
    status,
    // What counts requests says so in its refusals too, so it shares none with others.
    operation.counted ? refusal(codes, operation) : reference('responses', name),
  ]);
  return { ...success(operation), ...Object.fromEntries(refusals) };
}

/** The refusals that routes have in common, by the name they have in the document. */
export const sharedResponses = (operations: Operations): Json =>
  Object.fromEntries(
    Object.values(operations)
      .filter(({ counted }) => !counted)
      .flatMap(refusalsOf)
      .map(({ name, codes }) => [name, refusal(codes)]),
  );

/** What a route refuses, in the order of the catalogue. */
export function codesOf({ scope, body, refusals }: Operation): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>([
    ...refusals,
    ...(scope ? withKey : []),
    ...(body ? withBody : []),
  ]);
  return problemCodes.filter((code) => codes.has(code));
}

const refusalsOf = (operation: Operation) =>
  [...Map.groupBy(codesOf(operation), statusOf)].map(([status, codes]) => ({
    ...{ status, codes, name: codes.map(pascalCase).join('Or') },
  }));

function success({ answer, repeatable, counted }: Operation): Json {
  if ('redirect' in answer) {
    const { redirect: description } = answer;
    return {
      302: { description, headers: { ...named(headers.requestId), ...named(headers.location) } },
    };
  }
  const { schema, description, examples } = answer;
  return {
    200: {
      description,
      headers: {
        ...named(headers.requestId),
        ...(repeatable && named(headers.replayed)),
        ...(counted && named(headers.rateLimit)),
        ...answer.headers,
      },
      content: jsonContent(reference('schemas', schema), examples),
    },
  };
}

function refusal(
  codes: readonly ProblemCode[],
  { counted }: Pick<Operation, 'counted'> = {},
): Json {
  const waits = codes.some((code) => statusOf(code) === 429 || statusOf(code) === 503);
  return {
    description: codes.map((code) => `\`${code}\`: ${whenAnswered(code)}`).join('\n\n'),
    headers: {
      ...named(headers.requestId),
      ...(counted && countedHeaders(codes)),
      ...(waits && named(headers.retryAfter)),
    },
    content: jsonContent(
      envelope(codes),
      Object.fromEntries(codes.map((code) => [code, problemExample(code)])),
    ),
  };
}

const named = (some: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(Object.keys(some).map((name) => [name, reference('headers', name)]));

// Whoever is refused because of his key was not counted.
const uncounted: ReadonlySet<string> = new Set(withKey);

function countedHeaders(codes: readonly ProblemCode[]): Json {
  if (!codes.some((code) => uncounted.has(code))) return named(headers.rateLimit);
  return Object.fromEntries(
    Object.entries(headers.rateLimit).map(([name, header]) => [
      name,
      { ...header, required: false },
    ]),
  );
}

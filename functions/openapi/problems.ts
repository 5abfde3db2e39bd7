import * as z from 'zod';
import { Problem, type ProblemCode, problemCodes } from '../domain/model/problem.ts';
import type { Json } from '../runtime/route.ts';
import { errorDocs } from './error-docs.ts';
import { oneOf, pascalCase } from './json-schema.ts';

export const whenReturned = (code: ProblemCode): string => errorDocs[code].when;
export const statusOf = (code: ProblemCode): number => new Problem(code, '').status;

/** A response with this code, as it would be. */
export const problemExample = (code: ProblemCode): Json => errorDocs[code].example.toJSON();

/** The schema of each error, by the name it has in the document. */
export const problemSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  problemCodes.map((code) => [problemName(code), problemSchema(code)]),
);

/** The schema of a response with one of these codes. */
export const envelope = (codes: readonly ProblemCode[]): Json => ({
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: { error: oneOf('code', codes, problemName) },
});

function problemName(code: ProblemCode): string {
  return `${pascalCase(code)}Error`;
}

function problemSchema(code: ProblemCode): z.ZodType {
  const { when, details = {} } = errorDocs[code];
  const { error } = new Problem(code, '').toJSON();
  return z
    .strictObject({
      code: z.literal(code).describe('What is wrong. Branch on this'),
      message: z.string().describe('For people; it may change'),
      type: z.literal(error.type),
      param: z.string().nullable().describe('The one field that is to blame, if there is one'),
      ...details,
    })
    .describe(when);
}
